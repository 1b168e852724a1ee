import type { HeaderPairs } from "../http/head.ts";
import type { Response } from "../http/response.ts";
import { ResponseReader } from "../http/response-reader.ts";
import { decodeUtf8 } from "../text.ts";
import { extensionsOf } from "./deflate-extension.ts";
import { type DeflateTerms, judgeDeflateAnswer } from "./deflate-terms.ts";

/** What a client expects of the server's answer. */
export interface UpgradeExpectation {
  /** The value that `Sec-WebSocket-Accept` must have: base64 of SHA-1 of the key and the GUID of RFC 6455 section 1.3. */
  readonly accept: string;
  /** The subprotocols that were offered. */
  readonly protocols: readonly string[];
  /** The compression that was offered. Default: none. */
  readonly deflate?: DeflateTerms | null;
  /** Bytes of the response head. Default 16 KiB. */
  readonly maxHeadSize?: number;
  /** Bytes kept of the body of a refusal. Default 4 KiB. */
  readonly maxBodySize?: number;
}

/** How a handshake ended. */
export type UpgradeOutcome =
  | {
      readonly open: true;
      readonly protocol: string;
      readonly headers: HeaderPairs;
      /** The compression that was agreed on, null for none. */
      readonly deflate: DeflateTerms | null;
    }
  | {
      readonly open: false;
      /**
       * `HANDSHAKE_REFUSED` (a status other than 101), `HANDSHAKE_INVALID` (a 101 that breaks a rule), `HANDSHAKE_EXTENSION` (it grants other
       * compression than was offered), `HANDSHAKE_MALFORMED` (not HTTP), `HANDSHAKE_CUT`.
       */
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
  readonly #reader: ResponseReader;
  readonly #body: Uint8Array;
  #bodyLength = 0;
  #length = 0;
  /** Lent once the head is there. */
  #response: Response | null = null;

  constructor(expected: UpgradeExpectation) {
    const maxHeadSize = expected.maxHeadSize ?? MAX_HEAD_SIZE;
    this.#expected = expected;
    this.#body = new Uint8Array(expected.maxBodySize ?? MAX_BODY_SIZE);
    this.#reader = new ResponseReader({ capacity: Math.max(maxHeadSize, LEAST_CAPACITY), maxHeadSize, debug: false });
    this.#reader.expect("GET", { upgrade: true, stream: true });
  }

  /** Takes from `chunk` what belongs to the handshake and returns how many bytes that were; the rest are frames. */
  read(chunk: Uint8Array): number {
    if (this.outcome !== null) return 0;
    const reader = this.#reader;
    let taken = 0;
    while (this.outcome === null && taken < chunk.length) {
      taken += reader.read(chunk, taken);
      this.#advance();
    }
    this.#length += taken;
    return taken - reader.pending;
  }

  /** The status is known to be a refusal; its body is still coming. */
  get refused(): boolean {
    return this.outcome === null && this.#response !== null;
  }

  /** The connection ended: whatever is there of a refusal's body is all of it. */
  eof(): void {
    if (this.outcome !== null) return;
    if (this.#response !== null) this.#refuseByStatus(this.#response);
    else this.#refuse("HANDSHAKE_CUT", `the connection ended after ${this.#length} bytes`, null);
  }

  #advance(): void {
    const reader = this.#reader;
    this.#response ??= reader.next();
    const response = this.#response;
    if (response === null) {
      const { failure } = reader;
      if (failure !== null) this.#refuse("HANDSHAKE_MALFORMED", `${failure.code}: ${failure.message}`, null);
    } else if (response.upgraded) {
      this.#judge(response);
    } else {
      this.#takeBody(response);
    }
  }

  #judge(response: Response): void {
    const broken = brokenRule(response, this.#expected);
    const deflate = agreedOn(response, this.#expected.deflate ?? null);
    if (broken !== null) this.#refuse("HANDSHAKE_INVALID", broken, response);
    else if (typeof deflate === "string") this.#refuse("HANDSHAKE_EXTENSION", deflate, response);
    else {
      const protocol = single(response, "sec-websocket-protocol") ?? "";
      this.outcome = { open: true, protocol, headers: [...response], deflate };
    }
  }

  /** Keeps what there is room for; a body that breaks off, or off the rules, is what came of it. */
  #takeBody(response: Response): void {
    const reader = this.#reader;
    if (response.streamed)
      for (let piece = reader.nextPiece(); piece !== null; piece = reader.nextPiece()) this.#keep(piece);
    else this.#keep(response.bodyBytes());
    const over = !response.streamed || reader.bodyComplete || reader.failure !== null;
    if (over || this.#bodyLength === this.#body.length) this.#refuseByStatus(response);
  }

  #keep(piece: Uint8Array): void {
    const kept = piece.subarray(0, this.#body.length - this.#bodyLength);
    this.#body.set(kept, this.#bodyLength);
    this.#bodyLength += kept.length;
  }

  #refuseByStatus(response: Response): void {
    this.#refuse("HANDSHAKE_REFUSED", `status ${response.status}`, response);
  }

  #refuse(code: string, reason: string, response: Response | null): void {
    const headers = response === null ? [] : [...response];
    const body = decodeUtf8(this.#body, 0, this.#bodyLength);
    this.outcome = { open: false, code, reason, status: response?.status ?? 0, headers, body };
  }
}

/** Which rule the 101 breaks, or null. */
function brokenRule(response: Response, { accept, protocols, deflate = null }: UpgradeExpectation): string | null {
  if (response.version !== "1.1") return "the answer is not HTTP/1.1";
  if (single(response, "upgrade")?.toLowerCase() !== "websocket") return "Upgrade is not websocket";
  const connection = response.headers("connection").join().toLowerCase().split(",");
  if (!connection.some((token) => token.trim() === "upgrade")) return "Connection does not list Upgrade";
  if (single(response, "sec-websocket-accept") !== accept) return "Sec-WebSocket-Accept does not answer the key";
  if (deflate === null && response.header("sec-websocket-extensions") !== null)
    return "an extension was chosen that was not offered";
  if (response.header("sec-websocket-protocol") === null) return null;
  const protocol = single(response, "sec-websocket-protocol");
  return protocol !== null && protocols.includes(protocol) ? null : "a subprotocol was chosen that was not offered";
}

/** The compression that both ends have agreed on, or which rule the answer to our offer breaks. */
function agreedOn(response: Response, offered: DeflateTerms | null): DeflateTerms | string | null {
  const values = response.headers("sec-websocket-extensions");
  if (offered === null || values.length === 0) return null;
  const chosen = extensionsOf(values.join());
  return chosen === null ? "Sec-WebSocket-Extensions is malformed" : judgeDeflateAnswer(chosen, offered);
}

/** The value of a field that must not be repeated; null where it is missing or repeated. */
function single(response: Response, name: string): string | null {
  const [value, ...more] = response.headers(name);
  return value === undefined || more.length > 0 ? null : value;
}

const MAX_HEAD_SIZE = 16 << 10;
const MAX_BODY_SIZE = 4 << 10;
/** What the response's reader needs. */
const LEAST_CAPACITY = 256;
