import { TimeoutError } from "../codec/errors.ts";
import type { Request } from "../codec/http/request.ts";
import type { Response } from "../codec/http/response.ts";
import type { ResponseReader } from "../codec/http/response-reader.ts";
import { BodySender } from "./body-sender.ts";
import { Deadline } from "./deadline.ts";
import type { RequestError, RequestErrorCode, RequestProgress } from "./errors.ts";
import type { SendOptions } from "./options.ts";
import { Outgoing } from "./outgoing.ts";
import type { Outlet } from "./outlet.ts";

/** Told what ends a request before its response. */
export type OnFault = (code: RequestErrorCode, message: string, cause: unknown) => void;

/**
 * The request in flight: its bytes, its deadline, its signal, and the promise that waits for it. One object serves all requests of a
 * connection, one after another.
 */
export class Flight {
  readonly #outgoing: Outgoing;
  readonly #outlet: Outlet;
  readonly #onFault: OnFault;
  readonly #deadline: Deadline;
  readonly #continueTimeout: number;
  #reader: ResponseReader | null = null;
  #body: BodySender | null = null;
  #timeout = 0;
  #signal: AbortSignal | null = null;
  #continueTimer: ReturnType<typeof setTimeout> | null = null;
  #resolve: (response: Response) => void = ignore;
  #reject: (error: RequestError) => void = ignore;

  readonly #settlers = (resolve: (response: Response) => void, reject: (error: RequestError) => void): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };
  readonly #onAbort = (): void => {
    this.#onFault("REQUEST_ABORTED", "Cannot finish request: it was aborted", this.#signal?.reason);
  };

  constructor(outlet: Outlet, continueTimeout: number, onFault: OnFault) {
    this.#outlet = outlet;
    this.#outgoing = new Outgoing(outlet);
    this.#continueTimeout = continueTimeout;
    this.#onFault = onFault;
    this.#deadline = new Deadline(() => this.expire());
  }

  /** Takes a request up; nothing is sent before {@link launch}, so that a fault finds the promise in place. */
  board(request: Request, reader: ResponseReader, options: SendOptions): Promise<Response> {
    const { timeout = 0, signal = null, body } = options;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#signal = signal;
    this.#timeout = timeout;
    this.#deadline.set(timeout);
    this.#reader = reader;
    const { buffer, start, end, bodyStart, expectsContinue } = request;
    this.#outgoing.begin(buffer, start, end, expectsContinue ? bodyStart : end);
    if (body !== undefined) {
      this.#body = new BodySender(this.#outlet, body, request.streamLength, (cause) =>
        this.#onFault("REQUEST_BODY_FAILED", "Cannot finish request: its body failed", cause),
      );
    }
    if (expectsContinue && (bodyStart < end || body !== undefined)) {
      this.#continueTimer = setTimeout(() => this.continue(), this.#continueTimeout);
    }
    return new Promise<Response>(this.#settlers);
  }

  launch(): void {
    if (this.#signal?.aborted) this.#onAbort();
    else this.pump();
  }

  /** Sends what there is room for. */
  pump(): void {
    this.#outgoing.pump();
    if (this.#outgoing.done && !this.awaitsContinue) this.#body?.pump();
  }

  /** The server asked for the body, or did not answer for the time that is waited. */
  continue(): void {
    this.#stopWaiting();
    this.#outgoing.open();
    this.pump();
  }

  /** The body is held back until the server asks for it. */
  get awaitsContinue(): boolean {
    return this.#continueTimer !== null;
  }

  /** Ends the request where its deadline has passed. */
  checkDeadline(): void {
    if (this.#timeout !== 0 && this.#deadline.passed) this.expire();
  }

  expire(): void {
    const message = `Cannot finish request: ${this.#timeout} ms ran out`;
    this.#onFault("REQUEST_TIMEOUT", message, new TimeoutError("REQUEST_TIMEOUT", message, this.#timeout, "request"));
  }

  /** All of the request is with the kernel. */
  get allSent(): boolean {
    return this.#outgoing.done && (this.#body === null || this.#body.done);
  }

  get bytesSent(): number {
    return this.#outgoing.sent + (this.#body?.sent ?? 0);
  }

  get progress(): RequestProgress {
    if (this.#reader?.started) return "response-started";
    if (this.bytesSent === 0) return "not-sent";
    return this.allSent ? "sent" : "partly-sent";
  }

  /** The head of a streamed response is there: the time that was given is over, the signal still counts. */
  answered(response: Response): void {
    this.#deadline.clear();
    this.#timeout = 0;
    // An echo answers while it is sent to: its request goes on. Any other early answer, or one in place of a 100, wants no more of it.
    if (response.status >= 300 || this.awaitsContinue) this.#stopSending();
  }

  land(response: Response): void {
    this.#resolve(response);
  }

  crash(error: RequestError): void {
    this.#reject(error);
  }

  /** The response was read to its end, or there will be none. */
  finish(): void {
    this.#stopSending();
    this.#body = null;
    this.#deadline.clear();
    this.#timeout = 0;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#signal = null;
  }

  /** No request follows. */
  release(): void {
    this.finish();
    this.#deadline.release();
  }

  #stopSending(): void {
    this.#stopWaiting();
    this.#body?.stop();
    this.#outgoing.drop();
  }

  #stopWaiting(): void {
    if (this.#continueTimer !== null) clearTimeout(this.#continueTimer);
    this.#continueTimer = null;
  }
}

function ignore(): void {}
