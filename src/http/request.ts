import { UsageError } from "../codec/errors.ts";
import type { HeaderPairs } from "../codec/http/head.ts";
import type { HeaderStage } from "../codec/http/request-stages.ts";
import { RequestWriter } from "../codec/http/request-writer.ts";
import type { OwnedResponse } from "../codec/http/response.ts";
import { ResponseReader } from "../codec/http/response-reader.ts";
import { HttpConnection } from "./connection.ts";
import { contentDecoders } from "./decoders.ts";
import type { HttpOptions } from "./options.ts";
import { httpTarget } from "./target.ts";

/** What {@link request} sends, and how. */
export interface RequestInit extends HttpOptions {
  /** Default `GET`, or `POST` where there is a body. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>> | HeaderPairs;
  readonly body?: string | Uint8Array;
  /** The body as JSON; instead of `body`. */
  readonly json?: unknown;
  /** Milliseconds from the request to its whole response; connecting has `connectTimeout`. Default 30,000. */
  readonly timeout?: number;
  /** Largest body of the response in bytes, decoded. Default 16 MiB. */
  readonly maxBodySize?: number;
}

/** The response of {@link request}; it owns its data. */
export class CompleteResponse implements OwnedResponse {
  readonly status: number;
  readonly reason: string;
  readonly version: "1.0" | "1.1";
  readonly headers: HeaderPairs;
  readonly trailers: HeaderPairs;
  readonly body: Uint8Array;

  constructor(response: OwnedResponse) {
    this.status = response.status;
    this.reason = response.reason;
    this.version = response.version;
    this.headers = response.headers;
    this.trailers = response.trailers;
    this.body = response.body;
  }

  /** The value of the first field of that name, whatever its case; null where there is none. */
  header(name: string): string | null {
    const wanted = name.toLowerCase();
    return this.headers.find(([given]) => given.toLowerCase() === wanted)?.[1] ?? null;
  }

  bodyText(): string {
    return new TextDecoder().decode(this.body);
  }

  /** Throws `SyntaxError` as `JSON.parse` does. */
  bodyJson(): unknown {
    return JSON.parse(this.bodyText());
  }
}

/**
 * One request on a connection of its own, for scripts: `(await request("https://api.example.com/time")).bodyJson()`. Bodies in gzip,
 * deflate or br are asked for and decoded. Redirects are not followed: a 3xx is the response.
 *
 * @throws what `HttpConnection.connect` and `HttpConnection.send` throw
 */
export async function request(url: string | URL, init: RequestInit = {}): Promise<CompleteResponse> {
  httpTarget(url);
  const target = new URL(url);
  const { timeout = 30_000, maxBodySize, signal } = init;
  const body = init.json === undefined ? init.body : jsonOf(init.json);
  const headers = Array.isArray(init.headers) ? (init.headers as HeaderPairs) : Object.entries(init.headers ?? {});
  const size = body === undefined ? 0 : typeof body === "string" ? body.length * 3 : body.length;
  const writer = new RequestWriter(target.host, { capacity: HEAD_CAPACITY + size });
  let stage: HeaderStage = writer.request(init.method ?? (body === undefined ? "GET" : "POST"), pathOf(target));
  for (const [name, value] of [...standardFields(target, init, headers), ...headers]) stage = stage.header(name, value);
  const message = (body === undefined ? stage : stage.body(body)).finish();
  const reader = new ResponseReader({
    decoders: contentDecoders,
    ...(maxBodySize === undefined ? {} : { maxBodySize }),
  });
  using connection = await HttpConnection.connect(target, init);
  const response = await connection.send(message, reader, { timeout, ...(signal === undefined ? {} : { signal }) });
  return new CompleteResponse(response.toOwned());
}

/** The fields that are sent where none of their name was given. */
function standardFields(target: URL, { json }: RequestInit, given: HeaderPairs): [name: string, value: string][] {
  const fields: [name: string, value: string][] = [
    ["Connection", "close"],
    ["Accept-Encoding", "gzip, deflate, br"],
  ];
  const login = `${decoded(target.username)}:${decoded(target.password)}`;
  if (login !== ":") fields.push(["Authorization", `Basic ${Buffer.from(login).toString("base64")}`]);
  if (json !== undefined) fields.push(["Content-Type", "application/json"]);
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  return fields.filter(([name]) => !names.has(name.toLowerCase()));
}

/** Path and query, with what a URL leaves bare and a request must not have percent-encoded. */
function pathOf({ pathname, search }: URL): string {
  return (pathname + search).replace(/[\\^`{|}]/g, encodeURIComponent);
}

function jsonOf(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text !== undefined) return text;
  throw new UsageError("REQUEST_BODY_INVALID", `Cannot write body: a ${typeof value} has no JSON form`);
}

/** The text is not shown: it is a name or a secret. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    const message = "Cannot connect: user name or password of the URL is not percent-encoded UTF-8";
    throw new UsageError("URL_INVALID", message, { cause });
  }
}

const HEAD_CAPACITY = 32 << 10;
