import { RequestWriter } from "../codec/http/request-writer.ts";
import type { OwnedResponse } from "../codec/http/response.ts";
import { ResponseReader } from "../codec/http/response-reader.ts";
import type { HeaderPairs } from "../codec/ws/upgrade-response.ts";
import { HttpConnection } from "./connection.ts";
import { contentDecoders } from "./decoders.ts";
import type { HttpOptions } from "./options.ts";

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
  const { host, pathname, search, username, password } = new URL(url);
  const { json, timeout = 30_000, maxBodySize } = init;
  const body = json === undefined ? init.body : JSON.stringify(json);
  const headers = Array.isArray(init.headers) ? (init.headers as HeaderPairs) : Object.entries(init.headers ?? {});
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const size = body === undefined ? 0 : typeof body === "string" ? body.length * 3 : body.length;
  const writer = new RequestWriter(host, { capacity: HEAD_CAPACITY + size });
  let stage = writer
    .request(init.method ?? (body === undefined ? "GET" : "POST"), pathname + search)
    .header("Connection", "close");
  if (!given.has("accept-encoding")) stage = stage.header("Accept-Encoding", "gzip, deflate, br");
  if (username !== "" && !given.has("authorization")) {
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    stage = stage.header("Authorization", `Basic ${Buffer.from(login).toString("base64")}`);
  }
  if (json !== undefined && !given.has("content-type")) stage = stage.header("Content-Type", "application/json");
  for (const [name, value] of headers) stage = stage.header(name, value);
  const message = (body === undefined ? stage : stage.body(body)).finish();
  const reader = new ResponseReader({
    decoders: contentDecoders,
    ...(maxBodySize === undefined ? {} : { maxBodySize }),
  });
  using connection = await HttpConnection.connect(url, init);
  const { signal } = init;
  const response = await connection.send(message, reader, { timeout, ...(signal === undefined ? {} : { signal }) });
  return new CompleteResponse(response.toOwned());
}

const HEAD_CAPACITY = 32 << 10;
