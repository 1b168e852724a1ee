import { HeadReader } from "../http/head.ts";
import { decodeLatin1, decodeUtf8 } from "../text.ts";

/** What a client expects of the server's answer. */
export interface UpgradeExpectation {
  /** The value that `Sec-WebSocket-Accept` must have: base64 of SHA-1 of the key and the GUID of RFC 6455 section 1.3. */
  readonly accept: string;
  /** The subprotocols that were offered. */
  readonly protocols: readonly string[];
  /** Bytes of the response head. Default 16 KiB. */
  readonly maxHeadSize?: number;
  /** Bytes kept of the body of a refusal. Default 4 KiB. */
  readonly maxBodySize?: number;
}

/** A response's fields in order and case. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** How a handshake ended. */
export type UpgradeOutcome =
  | { readonly open: true; readonly protocol: string; readonly headers: HeaderPairs }
  | {
      readonly open: false;
      /** `HANDSHAKE_REFUSED` (a status other than 101), `HANDSHAKE_INVALID` (a 101 that breaks a rule), `HANDSHAKE_MALFORMED` (not HTTP), `HANDSHAKE_CUT`. */
      readonly code: string;
      readonly reason: string;
      /** 0 where no whole head came. */
      readonly status: number;
      readonly headers: HeaderPairs;
      /** The start of the body, as UTF-8 text. */
      readonly body: string;
    };

/** Reads and judges the server's half of the opening handshake (RFC 6455 section 4.1, second list). */
export class UpgradeResponseReader {
  /** Null until the answer is whole. */
  outcome: UpgradeOutcome | null = null;

  readonly #expected: UpgradeExpectation;
  readonly #head: HeadReader;
  readonly #maxBodySize: number;
  readonly #bytes: Uint8Array;
  #length = 0;
  /** Where the head begins: behind the interim responses. */
  #start = 0;
  /** 0 while there is no status line. */
  #status = 0;
  /** The index at which a refusal's body ends; −1 while the head is incomplete. */
  #bodyEnd = -1;

  constructor(expected: UpgradeExpectation) {
    const maxHeadSize = expected.maxHeadSize ?? MAX_HEAD_SIZE;
    this.#expected = expected;
    this.#maxBodySize = expected.maxBodySize ?? MAX_BODY_SIZE;
    this.#head = new HeadReader({ maxHeadSize, maxHeaders: MAX_HEADERS });
    this.#bytes = new Uint8Array(maxHeadSize + this.#maxBodySize);
  }

  /**
   * Takes from `chunk` what belongs to the handshake and returns how many bytes that were; the rest are frames. Interim responses
   * (1xx other than 101, RFC 9110 section 15.2) are passed over; they and the head share `maxHeadSize` and `maxBodySize` bytes.
   */
  read(chunk: Uint8Array): number {
    if (this.outcome !== null) return 0;
    const before = this.#length;
    const taken = Math.min(chunk.length, this.#bytes.length - before);
    this.#bytes.set(chunk.subarray(0, taken), before);
    this.#length += taken;
    while (this.#bodyEnd < 0) {
      if (!this.#readHead()) return taken;
      if (this.#status < 200 && this.#status !== 101) {
        this.#start += this.#head.size;
        this.#head.clear();
        this.#status = 0;
        continue;
      }
      this.#judgeHead();
      if (this.outcome !== null) return this.#start + this.#head.size - before;
    }
    if (this.#length >= this.#bodyEnd) this.#refuseByStatus();
    return taken;
  }

  /** The status is known to be a refusal; its body is still coming. */
  get refused(): boolean {
    return this.outcome === null && this.#bodyEnd >= 0;
  }

  /** The connection ended: whatever is there of a refusal's body is all of it. */
  eof(): void {
    if (this.outcome !== null) return;
    if (this.#bodyEnd >= 0) this.#refuseByStatus();
    else this.#refuse("HANDSHAKE_CUT", `the connection ended after ${this.#length} bytes`);
  }

  /** True once the head is whole; false where bytes are missing, or it is refused: its first line as soon as that is there. */
  #readHead(): boolean {
    const head = this.#head;
    const whole = head.read(this.#bytes, this.#start, this.#length);
    if (this.#status === 0 && head.startLineLength >= 0) {
      const line = decodeLatin1(this.#bytes, this.#start, this.#start + head.startLineLength);
      this.#status = Number(STATUS_LINE.exec(line)?.[1] ?? 0);
      if (this.#status === 0) {
        this.#refuse("HANDSHAKE_MALFORMED", `status line ${JSON.stringify(line.slice(0, 100))}`, 0, []);
        return false;
      }
    }
    if (head.fault !== null) this.#refuse("HANDSHAKE_MALFORMED", `${head.fault} ${head.detail}`);
    else if (!whole && this.#length === this.#bytes.length)
      this.#refuse("HANDSHAKE_MALFORMED", `HTTP_HEAD_TOO_LARGE ${this.#length} bytes and no end`);
    return whole;
  }

  #judgeHead(): void {
    if (this.#status !== 101) {
      const length = this.#single("content-length");
      const stated = length !== null && /^\d{1,15}$/.test(length) ? Number(length) : this.#maxBodySize;
      const bodySize = this.#status === 204 || this.#status === 304 ? 0 : Math.min(stated, this.#maxBodySize);
      this.#bodyEnd = Math.min(this.#start + this.#head.size + bodySize, this.#bytes.length);
      return;
    }
    const broken = this.#brokenRule();
    if (broken !== null) this.#refuse("HANDSHAKE_INVALID", broken, 101);
    else
      this.outcome = { open: true, protocol: this.#single("sec-websocket-protocol") ?? "", headers: this.#headers() };
  }

  /** Which rule the 101 breaks, or null. */
  #brokenRule(): string | null {
    const { accept, protocols } = this.#expected;
    if (this.#single("upgrade")?.toLowerCase() !== "websocket") return "Upgrade is not websocket";
    if (!this.#hasToken("connection", "upgrade")) return "Connection does not list Upgrade";
    if (this.#single("sec-websocket-accept") !== accept) return "Sec-WebSocket-Accept does not answer the key";
    if (this.#find("sec-websocket-extensions") >= 0) return "an extension was chosen that was not offered";
    if (this.#find("sec-websocket-protocol") < 0) return null;
    const protocol = this.#single("sec-websocket-protocol");
    return protocol !== null && protocols.includes(protocol) ? null : "a subprotocol was chosen that was not offered";
  }

  #refuseByStatus(): void {
    this.#refuse("HANDSHAKE_REFUSED", `status ${this.#status}`, this.#status);
  }

  #refuse(code: string, reason: string, status = 0, headers: HeaderPairs = this.#headers()): void {
    const bodyStart = this.#start + this.#head.size;
    const body = this.#bodyEnd < 0 ? "" : decodeUtf8(this.#bytes, bodyStart, Math.min(this.#length, this.#bodyEnd));
    this.outcome = { open: false, code, reason, status, headers, body };
  }

  #headers(): HeaderPairs {
    const head = this.#head;
    return Array.from(
      { length: head.count },
      (_, index) => [head.name(this.#bytes, this.#start, index), head.value(this.#bytes, this.#start, index)] as const,
    );
  }

  #find(name: string, from = 0): number {
    return this.#head.find(this.#bytes, this.#start, name, from);
  }

  /** The value of a field that must not be repeated; null where it is missing or repeated. */
  #single(name: string): string | null {
    const index = this.#find(name);
    return index < 0 || this.#find(name, index + 1) >= 0 ? null : this.#head.value(this.#bytes, this.#start, index);
  }

  #hasToken(name: string, token: string): boolean {
    for (let index = this.#find(name); index >= 0; index = this.#find(name, index + 1)) {
      const tokens = this.#head.value(this.#bytes, this.#start, index).toLowerCase().split(",");
      if (tokens.some((part) => part.trim() === token)) return true;
    }
    return false;
  }
}

/** RFC 9112 section 4. A refusal may come from a proxy that answers in HTTP/1.0, which has no 1xx; the upgrade needs HTTP/1.1. */
const STATUS_LINE = /^HTTP\/1\.(?:1 (?=[1-5])|0 (?=[2-5]))(\d\d\d)(?: [^\r\n]*)?$/;

const MAX_HEAD_SIZE = 16 << 10;
const MAX_BODY_SIZE = 4 << 10;
const MAX_HEADERS = 128;
