import type { Response } from "../../src/codec/http/response.ts";

/** What a reader said, as lines that can be compared and read: see {@link responseLines}. */
export interface ResponseParts {
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  readonly keepAlive: boolean;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  /** What came behind an upgrade; null where there was none. */
  readonly rest: Uint8Array | null;
}

/** `200 "OK" 1.1 keep`, a line per field, `body "…"` where there is one, a line per trailer, `rest "…"` behind an upgrade. */
export function responseLines(parts: ResponseParts): string[] {
  const { status, reason, version, keepAlive, fields, body, trailers, rest } = parts;
  return [
    `${status} ${JSON.stringify(reason)} ${version} ${keepAlive ? "keep" : "close"}`,
    ...fields.map(([name, value]) => `  ${name}: ${value}`),
    ...(body.length === 0 ? [] : [bodyLine(body)]),
    ...trailers.map(([name, value]) => `  trailer ${name}: ${value}`),
    ...(rest === null ? [] : [`rest ${JSON.stringify(Buffer.from(rest).toString("latin1"))}`]),
  ];
}

/** The lines of a response that a reader lends, and of what came behind an upgrade; a streamed body was taken already. */
export function linesOf(response: Response, rest: Uint8Array | null, streamed: Uint8Array | null = null): string[] {
  const fields = [...response];
  if (fields.length !== response.headerCount) throw new Error(`headerCount is ${response.headerCount}`);
  const body = streamed ?? response.bodyBytes();
  if (streamed === null && response.bodyLength !== body.length) throw new Error(`bodyLength is ${response.bodyLength}`);
  const { status, reason, version, keepAlive } = response;
  return responseLines({ status, reason, version, keepAlive, fields, body, trailers: response.trailers(), rest });
}

/** The line of an interim response. */
export function interimLine(status: number, fields: readonly (readonly [name: string, value: string])[]): string {
  return [`interim ${status}`, ...fields.map(([name, value]) => `${name}: ${value}`)].join(" ");
}

/** Long bodies are shown as their length and a hash. */
function bodyLine(body: Uint8Array): string {
  if (body.length <= LONGEST_SHOWN) return `body ${JSON.stringify(Buffer.from(body).toString("latin1"))}`;
  return `body of ${body.length} bytes, hash ${Bun.hash(body).toString(16)}`;
}

const LONGEST_SHOWN = 200;
