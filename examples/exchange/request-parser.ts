import { HeadReader } from "../../src/codec/mod.ts";
import type { Answer } from "./answer.ts";

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** As it was sent, without the question mark; empty where there is none. */
  readonly query: string;
  /** Names in lower case; of a repeated field, the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** Reads the requests of a connection, however they are cut: bodies by Content-Length (RFC 9112 section 6), none chunked. */
export class RequestParser {
  /** The answer to what is no request that can be taken; nothing after it is read. */
  refusal: Answer | null = null;
  readonly #head = new HeadReader({ maxHeadSize: LARGEST_HEAD, maxHeaders: MOST_HEADERS });
  /** What was not taken yet begins at `#start`. */
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  /** The request whose body is still coming. */
  #headed: Headed | null = null;

  /** How many bytes wait to be read. */
  get waiting(): number {
    return this.#bytes.length - this.#start;
  }

  push(chunk: Uint8Array): void {
    const rest = this.#bytes.subarray(this.#start);
    this.#bytes =
      rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([rest, chunk]);
    this.#start = 0;
  }

  /** The next request, or null until more bytes come or where there is a {@link refusal}. */
  next(): HttpRequest | null {
    this.#headed ??= this.#readHead();
    const headed = this.#headed;
    if (headed === null || this.waiting < headed.length) return null;
    this.#headed = null;
    return { ...headed.request, body: this.#take(headed.length) };
  }

  /** True, once, where the client waits for a 100 before it sends its body (RFC 9110 section 10.1.1). */
  takeExpectation(): boolean {
    const expects = this.#headed?.expectsContinue ?? false;
    if (expects && this.#headed !== null) this.#headed.expectsContinue = false;
    return expects && this.waiting === 0;
  }

  /** What came behind the last request: after an upgrade, another protocol's. */
  takeRest(): Uint8Array {
    return this.#take(this.waiting);
  }

  #readHead(): Headed | null {
    if (this.refusal !== null || !this.#skipEmptyLines()) return null;
    const head = this.#head;
    if (!head.read(this.#bytes, this.#start, this.#bytes.length)) {
      const { fault } = head;
      if (fault !== null) {
        this.refusal =
          fault === "HTTP_HEAD_TOO_LARGE" || fault === "HTTP_TOO_MANY_HEADERS"
            ? { status: 431, body: "The request head is over 16 KiB or 100 fields" }
            : NO_REQUEST;
      }
      return null;
    }
    const headed = this.#judgeHead();
    this.#take(head.size);
    head.clear();
    return headed;
  }

  #judgeHead(): Headed | null {
    const head = this.#head;
    const line = this.#bytes.toString("latin1", this.#start, this.#start + head.startLineLength);
    const [, method = "", target = "", version = ""] =
      /^([!#-'*+.^-z|~\w-]+) (\/[!-~]*) (HTTP\/\d\.\d)$/.exec(line) ?? [];
    if (method === "") return this.#refuse(NO_REQUEST);
    if (version !== "HTTP/1.1") return this.#refuse({ status: 505, body: "Only HTTP/1.1 is spoken here" });
    const headers = new Map<string, string>();
    const lengths = new Set<string>();
    for (let index = 0; index < head.count; index++) {
      const name = head.name(this.#bytes, this.#start, index).toLowerCase();
      const value = head.value(this.#bytes, this.#start, index);
      if (name === "content-length") lengths.add(value);
      if (name === "host" && headers.has("host")) return this.#refuse(NO_REQUEST);
      headers.set(name, value);
    }
    if (!headers.has("host")) return this.#refuse({ status: 400, body: "Host is missing" });
    // Never both, and never two lengths: what is behind such a request could be anyone's (RFC 9112 section 6.3).
    const [lengthText = "0"] = lengths;
    const isChunked = headers.has("transfer-encoding");
    if (lengths.size > (isChunked ? 0 : 1) || !/^\d{1,15}$/.test(lengthText)) return this.#refuse(NO_REQUEST);
    if (isChunked) return this.#refuse({ status: 501, body: "Bodies are taken by Content-Length only" });
    const length = Number(lengthText);
    if (length > LARGEST_BODY) return this.#refuse({ status: 413, body: "The body is over 64 KiB" });
    const [path = "", ...query] = target.split("?");
    const expectsContinue = length > 0 && headers.get("expect")?.toLowerCase() === "100-continue";
    return { request: { method, path, query: query.join("?"), headers }, length, expectsContinue };
  }

  /** RFC 9112 section 2.2: an empty line before a request is passed over. False where it cannot be told yet. */
  #skipEmptyLines(): boolean {
    if (this.#head.size > 0) return true;
    while (this.#bytes[this.#start] === 0x0d) {
      if (this.waiting < 2) return false;
      if (this.#bytes[this.#start + 1] !== 0x0a) return true;
      this.#start += 2;
    }
    return true;
  }

  #take(length: number): Uint8Array {
    this.#start += length;
    return this.#bytes.subarray(this.#start - length, this.#start);
  }

  #refuse(refusal: Answer): null {
    this.refusal = refusal;
    return null;
  }
}

/** True where a field is a list that names `token`, whatever its case. */
export function listsToken(request: HttpRequest, field: string, token: string): boolean {
  const items = request.headers.get(field)?.toLowerCase().split(",") ?? [];
  return items.some((item) => item.trim().split(";")[0] === token);
}

/** A request whose head has come. */
interface Headed {
  readonly request: Omit<HttpRequest, "body">;
  /** Of the body. */
  readonly length: number;
  expectsContinue: boolean;
}

const NO_REQUEST: Answer = { status: 400, body: "This is no HTTP/1.1 request" };
const LARGEST_HEAD = 16 << 10;
const MOST_HEADERS = 100;
const LARGEST_BODY = 64 << 10;
