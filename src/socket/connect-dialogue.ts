import { HeadReader } from "../codec/http/head.ts";
import { OTHER_VERSION, REASON_AT, readStatus } from "../codec/http/status-line.ts";
import { decodeLatin1, decodeUtf8 } from "../codec/text.ts";
import type { ProxyDialogue, ProxyOutcome, ProxyRefusal } from "./proxy-dialogue.ts";

/** What an HTTP proxy is asked for. */
export interface ConnectRequest {
  /** Host and port, an IPv6 address in brackets. */
  readonly authority: string;
  /** Checked, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * CONNECT (RFC 9110 section 9.3.6): one request, and an answer whose 2xx means that the next byte is the tunnel's. Interim responses
 * are passed over; they and the final head share 16 KiB, and 4 KiB more are kept of a refusal's body.
 */
export class ConnectDialogue implements ProxyDialogue {
  readonly message: Uint8Array;
  outcome: ProxyOutcome | null = null;
  readonly #authorized: boolean;
  readonly #head: HeadReader = new HeadReader({ maxHeadSize: MAX_HEAD_SIZE, maxHeaders: MAX_HEADERS });
  readonly #bytes: Uint8Array = new Uint8Array(MAX_HEAD_SIZE + MAX_BODY_SIZE);
  #length = 0;
  /** Where the head begins: behind the interim ones. */
  #start = 0;
  /** 0 while there is no status line. */
  #status = 0;
  /** Where a refusal's body ends; −1 while the head is incomplete. */
  #bodyEnd = -1;

  constructor({ authority, headers }: ConnectRequest) {
    const fields = [["Host", authority] as const, ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
    this.message = Buffer.from(`CONNECT ${authority} HTTP/1.1\r\n${fields.join("")}\r\n`, "latin1");
    this.#authorized = headers.some(([name]) => name.toLowerCase() === "proxy-authorization");
  }

  get refused(): boolean {
    return this.outcome === null && this.#bodyEnd >= 0;
  }

  read(chunk: Uint8Array): void {
    const before = this.#length;
    const taken = Math.min(chunk.length, this.#bytes.length - before);
    this.#bytes.set(chunk.subarray(0, taken), before);
    this.#length += taken;
    while (this.#bodyEnd < 0) {
      if (!this.#readHead()) return;
      if (this.#status >= 200 || this.#status === 101) {
        this.#judgeHead(chunk, before);
        break;
      }
      this.#start += this.#head.size;
      this.#head.clear();
      this.#status = 0;
    }
    if (this.#bodyEnd >= 0 && this.#length >= this.#bodyEnd) this.#refuseByStatus();
  }

  eof(): void {
    if (this.refused) this.#refuseByStatus();
    else this.#refuse("PROXY_CUT", `the proxy ended the connection after ${this.#length} bytes of its answer`);
  }

  /** True once the head is whole; false where bytes are missing, or it is refused. */
  #readHead(): boolean {
    const head = this.#head;
    const whole = head.read(this.#bytes, this.#start, this.#length);
    if (this.#status === 0 && head.startLineLength >= 0) {
      const status = readStatus(this.#bytes, this.#start, head.startLineLength);
      if (status < 100) return this.#refuseStartLine(status === OTHER_VERSION ? "HTTP_VERSION" : "HTTP_STATUS_LINE");
      this.#status = status;
    }
    if (head.fault !== null) return this.#refuseAnswer(head.fault, head.detail);
    if (whole && this.#start + head.size <= MAX_HEAD_SIZE) return true;
    const least = whole ? this.#start + head.size : this.#length;
    return least > MAX_HEAD_SIZE && this.#refuseAnswer("HTTP_HEAD_TOO_LARGE", `it is over ${MAX_HEAD_SIZE} bytes`);
  }

  #judgeHead(chunk: Uint8Array, before: number): void {
    const bodyStart = this.#start + this.#head.size;
    if (this.#status >= 200 && this.#status < 300) {
      this.outcome = { open: true, rest: chunk.subarray(bodyStart - before) };
      return;
    }
    const field = this.#head.find(this.#bytes, this.#start, "content-length");
    const length = field < 0 ? "" : this.#head.value(this.#bytes, this.#start, field);
    this.#bodyEnd = bodyStart + Math.min(/^\d{1,15}$/.test(length) ? Number(length) : MAX_BODY_SIZE, MAX_BODY_SIZE);
  }

  #refuseByStatus(): void {
    const status = this.#status;
    const bodyStart = this.#start + this.#head.size;
    const reasonEnd = Math.min(this.#head.startLineLength, REASON_AT + LONGEST_SHOWN);
    const reason = decodeLatin1(this.#bytes, this.#start + Math.min(REASON_AT, reasonEnd), this.#start + reasonEnd);
    const body = decodeUtf8(this.#bytes, bodyStart, Math.min(this.#length, this.#bodyEnd));
    const known = { open: false, status, reason, body } as const;
    const detail = `the proxy answered with status ${status}${reason === "" ? "" : ` (${reason})`}`;
    if (status !== PROXY_AUTHENTICATION_REQUIRED && status !== UNAUTHORIZED) {
      this.outcome = { ...known, code: "PROXY_REFUSED", detail };
      return;
    }
    const wanted = this.#authorized
      ? "it does not accept the authorization given"
      : "it wants a user name and password";
    this.outcome = { ...known, code: "PROXY_AUTH_FAILED", detail: `${detail}: ${wanted}` };
  }

  #refuseStartLine(fault: string): false {
    const end = this.#start + Math.min(this.#head.startLineLength, LONGEST_SHOWN);
    return this.#refuseAnswer(fault, JSON.stringify(decodeLatin1(this.#bytes, this.#start, end)));
  }

  #refuseAnswer(fault: string, detail: string): false {
    this.#refuse("PROXY_BAD_ANSWER", `the proxy's answer is not an HTTP/1.1 head: ${fault} ${detail}`);
    return false;
  }

  #refuse(code: ProxyRefusal["code"], detail: string): void {
    this.outcome = { open: false, code, detail };
  }
}

/** RFC 9110 section 15.5.8. */
const PROXY_AUTHENTICATION_REQUIRED = 407;
/** A server's, not a proxy's; tinyproxy answers with it to a wrong password. */
const UNAUTHORIZED = 401;

const MAX_HEAD_SIZE = 16 << 10;
const MAX_BODY_SIZE = 4 << 10;
const MAX_HEADERS = 128;
const LONGEST_SHOWN = 100;
