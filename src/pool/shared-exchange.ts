import type { Request } from "../codec/http/request.ts";
import type { Response } from "../codec/http/response.ts";
import { decodeLatin1, decodeUtf8 } from "../codec/text.ts";
import { PoolError } from "./errors.ts";
import {
  type Board,
  GIVE_UP,
  OUTCOME,
  PLACES,
  REQUEST_BODY,
  REQUEST_DEADLINE,
  REQUEST_END,
  REQUEST_FLAGS,
  slotAt,
} from "./shared-board.ts";
import { errorBytes, errorOf } from "./shared-error.ts";

/**
 * What owner and holder tell one another about a request, in the slot's words: all but the bytes, which lie in the slot's memory
 * where they were written. Who may write or read is what the lease says.
 */
export class Exchange {
  readonly words: Int32Array;
  readonly at: number;
  /** Where requests are written. */
  readonly request: Uint8Array;
  /** Where responses are read. */
  readonly response: Uint8Array;

  constructor(board: Board, memory: SharedArrayBuffer, index: number) {
    this.words = board.words;
    this.at = slotAt(index);
    this.request = board.requestBytes(memory);
    this.response = board.responseBytes(memory);
  }

  /** The holder's part: how its request, which its writer wrote here, is to be sent. `timeout` 0 is none. */
  putRequest(request: Request, timeout: number, abortable: boolean): void {
    const { words, at } = this;
    words[at + REQUEST_END] = request.end;
    words[at + REQUEST_BODY] = request.bodyStart;
    words[at + REQUEST_FLAGS] =
      (request.keepAlive ? KEEP_ALIVE : 0) |
      (request.expectsContinue ? EXPECTS_CONTINUE : 0) |
      (timeout > 0 ? HAS_DEADLINE : 0) |
      (abortable ? ABORTABLE : 0);
    words[at + REQUEST_DEADLINE] = milliseconds() + timeout;
    words[at + GIVE_UP] = 0;
  }

  /** The owner's: that request, as `request`, over the same bytes, has it. */
  takeRequest(request: Request): void {
    const { words, at } = this;
    const flags = words[at + REQUEST_FLAGS] ?? 0;
    request.end = words[at + REQUEST_END] ?? 0;
    request.bodyStart = words[at + REQUEST_BODY] ?? 0;
    request.keepAlive = (flags & KEEP_ALIVE) !== 0;
    request.expectsContinue = (flags & EXPECTS_CONTINUE) !== 0;
    request.method = decodeLatin1(this.request, 0, this.request.indexOf(SP));
  }

  /** Milliseconds that are left for it, 0 or less where they ran out; null where it may take for ever. */
  get timeLeft(): number | null {
    const { words, at } = this;
    if (((words[at + REQUEST_FLAGS] ?? 0) & HAS_DEADLINE) === 0) return null;
    return ((words[at + REQUEST_DEADLINE] ?? 0) - milliseconds()) | 0;
  }

  /** It may be given up. */
  get isAbortable(): boolean {
    return ((this.words[this.at + REQUEST_FLAGS] ?? 0) & ABORTABLE) !== 0;
  }

  /** The holder's: does not wait for an answer any more. */
  giveUp(): void {
    Atomics.store(this.words, this.at + GIVE_UP, 1);
  }

  get isGivenUp(): boolean {
    return Atomics.load(this.words, this.at + GIVE_UP) !== 0;
  }

  /** The owner's: a response that its reader read here, or that it did not fit there. */
  putResponse(response: Response): void {
    const { words, at } = this;
    if (!response.upgraded && response.locate(words, at + PLACES)) words[at + OUTCOME] = RESPONSE;
    else this.putError(tooLarge(response, this.response.length));
  }

  /** The owner's: why there is no response. */
  putError(error: unknown): void {
    const { words, at } = this;
    const bytes = errorBytes(error, this.response.length);
    this.response.set(bytes);
    words[at + PLACES] = bytes.length;
    words[at + OUTCOME] = ERROR;
  }

  /** The holder's: why there is no response, or null where its places are at {@link places}. */
  takeError(): Error | null {
    const { words, at } = this;
    return words[at + OUTCOME] === RESPONSE ? null : errorOf(decodeUtf8(this.response, 0, words[at + PLACES] ?? 0));
  }

  /** Where the words that `Response.locate` wrote begin. */
  get places(): number {
    return this.at + PLACES;
  }
}

/** Milliseconds of the clock that all threads share, modulo 2^32. */
function milliseconds(): number {
  return Date.now() | 0;
}

function tooLarge(response: Response, capacity: number): PoolError {
  const detail = response.upgraded
    ? "it ends HTTP on the connection"
    : `its body is ${response.bodyLength} bytes, and with its head does not fit responseBufferCapacity, ${capacity}`;
  return new PoolError("POOL_RESPONSE_TOO_LARGE", `Cannot hand over response of status ${response.status}: ${detail}`);
}

/** Flags of a request. */
const KEEP_ALIVE = 1;
const EXPECTS_CONTINUE = 2;
const HAS_DEADLINE = 4;
const ABORTABLE = 8;
/** Outcomes. */
const RESPONSE = 0;
const ERROR = 1;
const SP = 0x20;
