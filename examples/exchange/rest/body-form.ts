import type { HttpRequest } from "../request-parser.ts";
import { listsToken } from "../request-parser.ts";
import type { RestFaultPlan } from "./faults.ts";

/** A body as it goes over the wire, and the fields that say so. */
export interface BodyForm {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** Whether only the end of the connection ends it. */
  readonly endsWithConnection: boolean;
}

/** Encodes a body as the faults want it: whole by Content-Length where there are none. */
export function encodeBody(body: string, request: HttpRequest, faults: RestFaultPlan): BodyForm {
  const headers: Record<string, string> = {};
  let bytes: Uint8Array = Buffer.from(body);
  if (faults.form("rest-gzip") !== null && listsToken(request, "accept-encoding", "gzip")) {
    bytes = Bun.gzipSync(bytes as Uint8Array<ArrayBuffer>);
    headers["Content-Encoding"] = "gzip";
    headers["Vary"] = "Accept-Encoding";
  }
  const hasTrailers = faults.form("rest-trailers") !== null;
  const chunkSize = faults.form("rest-chunked") ?? (hasTrailers ? bytes.length : null);
  const endsWithConnection = faults.form("rest-no-length") !== null;
  if (endsWithConnection) return { headers, bytes, endsWithConnection };
  if (chunkSize === null) headers["Content-Length"] = `${bytes.length}`;
  else {
    headers["Transfer-Encoding"] = "chunked";
    if (hasTrailers) headers["Trailer"] = "X-Body-Length";
    bytes = chunked(bytes, chunkSize, hasTrailers ? `X-Body-Length: ${bytes.length}\r\n` : "");
  }
  return { headers, bytes, endsWithConnection };
}

/** RFC 9112 section 7.1. */
function chunked(bytes: Uint8Array, size: number, trailers: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += size) {
    const chunk = bytes.subarray(start, start + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, LINE_END);
  }
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailers}\r\n`)]);
}

const LINE_END: Uint8Array = Buffer.from("\r\n");
