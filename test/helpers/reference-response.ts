import { referenceHead } from "./reference-head.ts";
import { interimLine, responseLines } from "./response-events.ts";

/** What a response answers, and the limits it is held to. */
export interface ReferenceRules {
  readonly method: string;
  readonly upgrade: boolean;
  /** The connection ends behind the bytes. */
  readonly eof: boolean;
  readonly maxHeadSize: number;
  readonly maxHeaders: number;
  readonly maxBodySize: number;
}

type Field = readonly [name: string, value: string];

/**
 * The lines of `response-events.ts` for bytes that are there as a whole: RFC 9112 sections 4, 6 and 7 read aloud, with nothing of the codec.
 * Chunk extensions are not bounded.
 */
export function referenceResponse(bytes: Uint8Array, rules: ReferenceRules): string[] {
  const lines: string[] = [];
  let at = 0;
  const cut = (): string[] => (rules.eof ? [...lines, "fail HTTP_TRUNCATED"] : lines);
  for (;;) {
    const head = referenceHead(bytes.subarray(at), rules.maxHeadSize, rules.maxHeaders);
    const line = head.startLine === null ? null : STATUS_LINE.exec(head.startLine);
    if (head.startLine !== null && line === null) return [...lines, "fail HTTP_STATUS_LINE"];
    if (line !== null && !/^1\.[01]$/.test(line[1] ?? "")) return [...lines, "fail HTTP_VERSION"];
    if (head.fault !== null) return [...lines, `fail ${head.fault}`];
    if (!head.done || line === null) return cut();
    const status = Number(line[2]);
    at += head.size;
    if (status < 200 && status !== 101) {
      lines.push(interimLine(status, head.fields));
      continue;
    }
    const parts = { status, reason: line[3] ?? "", version: line[1] ?? "", fields: head.fields };
    const outcome = bodyOf(bytes.subarray(at), parts, rules);
    if (outcome === "more") return cut();
    if (typeof outcome === "string") return [...lines, `fail ${outcome}`];
    const { body, trailers, size, keepAlive, tunnel } = outcome;
    const rest = bytes.subarray(at + size);
    lines.push(...responseLines({ ...parts, keepAlive, body, trailers, rest: tunnel ? rest : null }));
    if (!tunnel && rest.length > 0) lines.push("fail HTTP_RESPONSE_UNEXPECTED");
    return lines;
  }
}

interface Outcome {
  readonly body: Uint8Array;
  readonly trailers: readonly Field[];
  /** Bytes of the body as it came. */
  readonly size: number;
  readonly keepAlive: boolean;
  readonly tunnel: boolean;
}

/** What follows the head; `more` where the end is missing, a code where it is refused. */
function bodyOf(
  bytes: Uint8Array,
  { status, version, fields }: { status: number; version: string; fields: readonly Field[] },
  rules: ReferenceRules,
): Outcome | string {
  if (status === 101 && !rules.upgrade) return "HTTP_UPGRADE_UNEXPECTED";
  const nothing = { body: new Uint8Array(0), trailers: [], size: 0 };
  if (status === 101 || (rules.method === "CONNECT" && status < 300))
    return { ...nothing, keepAlive: false, tunnel: true };
  const all = (name: string): string[] =>
    fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  const framing = framingOf(fields);
  if (typeof framing === "string") return framing;
  const { length, isChunked } = framing;
  if (length !== null && isChunked) return "HTTP_FRAMING_CONFLICT";
  if (isChunked && version === "1.0") return "HTTP_TRANSFER_ENCODING";
  const options = all("connection").flatMap((value) =>
    value
      .toLowerCase()
      .split(",")
      .map((option) => trimmed(option)),
  );
  const keepAlive = !options.includes("close") && (version === "1.1" || options.includes("keep-alive"));
  const whole = (size: number): Outcome => ({
    ...nothing,
    body: bytes.subarray(0, size),
    size,
    keepAlive,
    tunnel: false,
  });
  if (rules.method === "HEAD" || status === 204 || status === 304) return whole(0);
  if (isChunked) return chunksOf(bytes, keepAlive, rules);
  if (length !== null) {
    if (length > BigInt(rules.maxBodySize)) return "HTTP_BODY_TOO_LARGE";
    return bytes.length < length ? "more" : whole(Number(length));
  }
  if (bytes.length > rules.maxBodySize) return "HTTP_BODY_TOO_LARGE";
  return rules.eof ? { ...whole(bytes.length), keepAlive: false } : "more";
}

/** The first field that breaks a rule names the fault. */
function framingOf(fields: readonly Field[]): { length: bigint | null; isChunked: boolean } | string {
  let length: bigint | null = null;
  let isChunked = false;
  for (const [name, value] of fields) {
    if (name.toLowerCase() === "transfer-encoding") {
      if (isChunked || value.toLowerCase() !== "chunked") return "HTTP_TRANSFER_ENCODING";
      isChunked = true;
    }
    if (name.toLowerCase() !== "content-length") continue;
    for (const element of value.split(",").map(trimmed)) {
      // Elements are judged one after another, each as soon as it differs.
      if (!/^\d+$/.test(element) || BigInt(element) >= 2n ** 53n) return "HTTP_CONTENT_LENGTH";
      if (length !== null && BigInt(element) !== length) return "HTTP_CONTENT_LENGTH_CONFLICT";
      length = BigInt(element);
    }
  }
  return { length, isChunked };
}

function chunksOf(bytes: Uint8Array, keepAlive: boolean, rules: ReferenceRules): Outcome | string {
  const text = Buffer.from(bytes).toString("latin1");
  let body = "";
  let at = 0;
  for (;;) {
    const digits = /^[0-9A-Fa-f]*/.exec(text.slice(at))?.[0] ?? "";
    if (digits.length > 16 || BigInt(`0x0${digits}`) >= 2n ** 53n) return "HTTP_CHUNK_SIZE";
    at += digits.length;
    if (at === text.length) return "more";
    if (digits === "") return "HTTP_CHUNK_SIZE";
    const blank = /^[ \t]*/.exec(text.slice(at))?.[0] ?? "";
    at += blank.length;
    if (at === text.length) return "more";
    if (text[at] === ";") {
      at += /^[\t\x20-\x7e\x80-\xff]*/.exec(text.slice(at))?.[0]?.length ?? 0;
      if (at === text.length) return "more";
      if (text[at] !== "\r") return "HTTP_CHUNK_EXTENSION";
    } else if (blank !== "") return "HTTP_CHUNK_SIZE";
    const end = lineEnd(text, at, "HTTP_CHUNK_SIZE");
    if (end !== null) return end;
    at += 2;
    const size = Number(`0x${digits}`);
    if (size === 0) break;
    if (body.length + size > rules.maxBodySize) return "HTTP_BODY_TOO_LARGE";
    if (at + size > text.length) return "more";
    body += text.slice(at, at + size);
    at += size;
    const dataEnd = lineEnd(text, at, "HTTP_CHUNK_END");
    if (dataEnd !== null) return dataEnd;
    at += 2;
  }
  const section = Buffer.from(`S\r\n${text.slice(at)}`, "latin1");
  const trailers = referenceHead(section, rules.maxHeadSize + 3, rules.maxHeaders);
  if (trailers.fault !== null) return trailers.fault;
  if (!trailers.done) return "more";
  const size = at + trailers.size - 3;
  return { body: Buffer.from(body, "latin1"), trailers: trailers.fields, size, keepAlive, tunnel: false };
}

/** Null where CRLF stands at `at`. */
function lineEnd(text: string, at: number, code: string): string | null {
  if (text.startsWith("\r\n", at)) return null;
  const rest = text.slice(at, at + 2);
  return rest === "" || rest === "\r" ? "more" : code;
}

/** White space of HTTP only. */
function trimmed(text: string): string {
  return text.replaceAll(/^[ \t]+|[ \t]+$/g, "");
}

const STATUS_LINE = /^HTTP\/(\d\.\d) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
