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
      /** 0 where there was no status line. */
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

  /** Takes from `chunk` what belongs to the handshake and returns how many bytes that were; the rest are frames. */
  read(chunk: Uint8Array): number {
    const before = this.#length;
    const taken = Math.min(chunk.length, this.#bytes.length - before);
    this.#bytes.set(chunk.subarray(0, taken), before);
    this.#length += taken;
    if (this.#bodyEnd < 0) {
      if (!this.#head.read(this.#bytes, 0, this.#length)) {
        if (this.#head.fault !== null) this.#refuse("HANDSHAKE_MALFORMED", `${this.#head.fault} ${this.#head.detail}`);
        return taken;
      }
      this.#judgeHead();
      if (this.outcome !== null) return Math.max(0, this.#head.size - before);
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

  #judgeHead(): void {
    const line = decodeLatin1(this.#bytes, 0, this.#head.startLineLength);
    const parts = STATUS_LINE.exec(line);
    if (parts === null) {
      this.#refuse("HANDSHAKE_MALFORMED", `status line ${JSON.stringify(line.slice(0, 100))}`);
      return;
    }
    this.#status = Number(parts[1]);
    if (this.#status !== 101) {
      const length = this.#single("content-length");
      const stated = length !== null && /^\d{1,15}$/.test(length) ? Number(length) : this.#maxBodySize;
      this.#bodyEnd = this.#head.size + Math.min(stated, this.#maxBodySize);
      return;
    }
    const broken = this.#brokenRule();
    if (broken !== null) this.#refuse("HANDSHAKE_INVALID", broken);
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
    this.#refuse("HANDSHAKE_REFUSED", `status ${this.#status}`);
  }

  #refuse(code: string, reason: string): void {
    const body =
      this.#bodyEnd < 0 ? "" : decodeUtf8(this.#bytes, this.#head.size, Math.min(this.#length, this.#bodyEnd));
    this.outcome = { open: false, code, reason, status: this.#status, headers: this.#headers(), body };
  }

  #headers(): HeaderPairs {
    const head = this.#head;
    return Array.from(
      { length: head.count },
      (_, index) => [head.name(this.#bytes, 0, index), head.value(this.#bytes, 0, index)] as const,
    );
  }

  #find(name: string, from = 0): number {
    return this.#head.find(this.#bytes, 0, name, from);
  }

  /** The value of a field that must not be repeated; null where it is missing or repeated. */
  #single(name: string): string | null {
    const index = this.#find(name);
    return index < 0 || this.#find(name, index + 1) >= 0 ? null : this.#head.value(this.#bytes, 0, index);
  }

  #hasToken(name: string, token: string): boolean {
    for (let index = this.#find(name); index >= 0; index = this.#find(name, index + 1)) {
      const tokens = this.#head.value(this.#bytes, 0, index).toLowerCase().split(",");
      if (tokens.some((part) => part.trim() === token)) return true;
    }
    return false;
  }
}

/** RFC 9112 section 4; the upgrade needs HTTP/1.1. */
const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d)(?: [^\r\n]*)?$/;

const MAX_HEAD_SIZE = 16 << 10;
const MAX_BODY_SIZE = 4 << 10;
const MAX_HEADERS = 128;
