import { UsageError } from "../codec/errors.ts";
import type { Request } from "../codec/http/request.ts";
import type { Response } from "../codec/http/response.ts";
import type { ResponseReader } from "../codec/http/response-reader.ts";
import type { SocketInfo } from "../socket/socket-info.ts";
import type { Transport } from "../socket/transport.ts";
import { notReusable, RequestError, type RequestErrorCode } from "./errors.ts";
import { Flight } from "./flight.ts";
import { Incoming } from "./incoming.ts";
import { checkSecure, openTransport } from "./open.ts";
import { type HttpOptions, type HttpSettings, httpSettings, milliseconds, type SendOptions } from "./options.ts";
import type { HttpState } from "./state.ts";
import { httpTarget } from "./target.ts";

/**
 * One keep-alive connection that carries one request at a time (RFC 9112). A request that fails throws once, is never tried again, says
 * how far it got, and ends the connection: what came next on it could answer the wrong request.
 *
 * ```ts
 * const writer = new RequestWriter("api.example.com");
 * const reader = new ResponseReader();
 * const conn = await HttpConnection.connect("https://api.example.com");
 * const response = await conn.send(writer.get("/time").finish(), reader, { timeout: 2_000 });
 * console.log(response.status, response.bodyText());
 * ```
 */
export class HttpConnection {
  /** `https://api.example.com` */
  readonly origin: string;
  /** Told once, at the moment when the connection can carry no more requests; for a pool. */
  onClosed: (() => void) | null = null;

  readonly #transport: Transport;
  readonly #settings: HttpSettings;
  readonly #flight: Flight;
  readonly #incoming: Incoming;
  #state: HttpState = "idle";
  #reader: ResponseReader | null = null;
  /** The request in flight is the last one: its `Connection` lists `close`. */
  #last = false;
  /** The peer's FIN, or the transport's end, was seen. */
  #ended = false;
  /** On the clock of `performance.now()`: when the server may end the idle connection. */
  #idleUntil: number = Number.POSITIVE_INFINITY;
  /** Wakes who waits for the next piece of a streamed body. */
  #wake: () => void = ignore;
  #error: RequestError | null = null;

  private constructor(transport: Transport, origin: string, settings: HttpSettings) {
    this.origin = origin;
    this.#transport = transport;
    this.#settings = settings;
    this.#incoming = new Incoming(transport);
    this.#flight = new Flight(transport, settings.continueTimeout, (code, message, cause) =>
      this.#fail(code, message, cause),
    );
    transport.attach({
      onBytes: (chunk) => this.#onBytes(chunk),
      onDrain: () => this.#onDrain(),
      onEnd: () => this.#onEnd(null),
      onClose: (error) => this.#onEnd(error),
    });
  }

  /**
   * Connects; nothing is sent yet.
   * @throws ConnectError, TimeoutError (`CONNECT_TIMEOUT`, with its phase), AbortedError, SocketOptionError, UsageError
   */
  static async connect(url: string | URL, options: HttpOptions = {}): Promise<HttpConnection> {
    const target = httpTarget(url);
    const settings = httpSettings(options);
    return new HttpConnection(await openTransport(target, settings), target.origin, settings);
  }

  /** Takes over a transport that is connected already; for `https:` it must be secure. */
  static async connectWith(
    transport: Transport,
    url: string | URL,
    options: HttpOptions = {},
  ): Promise<HttpConnection> {
    const target = httpTarget(url);
    checkSecure(target, transport);
    return new HttpConnection(transport, target.origin, httpSettings(options));
  }

  /**
   * Sends `request` and resolves with its response, which `reader` lends until the next `send`. The request's bytes must stay as they are
   * until then.
   * @throws RequestError, which tells `progress` and `bytesSent`; UsageError (`REQUEST_UNDER_WAY`, `REQUEST_BODY_MISMATCH`)
   */
  send(request: Request, reader: ResponseReader, options: SendOptions = PLAIN): Promise<Response> {
    if (!this.isReusable) return Promise.reject(notReusable(this.#state, this.#error));
    if (request.streamed !== (options.body !== undefined)) {
      throw new UsageError(
        "REQUEST_BODY_MISMATCH",
        "Cannot send request: bodyStream() and the option body go together",
      );
    }
    if (options.timeout !== undefined) milliseconds("timeout", options.timeout, 0);
    if (this.#reader !== reader) {
      reader.reset();
      this.#reader = reader;
    }
    if (options === PLAIN) reader.expect(request.method);
    else
      reader.expect(request.method, { stream: options.stream ?? false, upgrade: options.upgrade ?? request.upgrade });
    this.#state = "busy";
    this.#last = !request.keepAlive;
    const response = this.#flight.board(request, reader, options);
    this.#flight.launch();
    return response;
  }

  /** True where the next `send` may go: nothing is in flight, nothing has ended it, and `Keep-Alive: timeout=` has not run out. */
  get isReusable(): boolean {
    if (this.#state !== "idle") return false;
    if (this.#idleUntil === Number.POSITIVE_INFINITY || performance.now() < this.#idleUntil) return true;
    this.#close();
    return false;
  }

  get state(): HttpState {
    return this.#state;
  }

  /** The transport below: where it is a socket, its addresses, TLS version and descriptor. */
  get transport(): Transport {
    return this.#transport;
  }

  /** Socket options in force and TCP_INFO; null where there is no socket, or no longer. */
  socketInfo(): SocketInfo | null {
    return this.#transport.socketInfo();
  }

  /** After an upgrade: gives away the transport and the bytes of the other protocol that have come. Attach to the transport at once. */
  release(): { readonly transport: Transport; readonly rest: Uint8Array } {
    if (this.#state !== "upgraded" || this.#reader === null) {
      throw new UsageError("CONNECTION_NOT_UPGRADED", `Cannot release connection: it is ${this.#state}`);
    }
    const rest = this.#incoming.rest(this.#reader.rest());
    this.#leave();
    return { transport: this.#transport, rest };
  }

  /** Ends the connection in order; a request in flight fails with `REQUEST_CONNECTION_CLOSED`. */
  close(): void {
    if (this.#state === "busy" || this.#state === "streaming") {
      this.#fail("REQUEST_CONNECTION_CLOSED", "Cannot finish request: the connection was closed", null);
    } else if (this.#state !== "closed") this.#close();
  }

  /** Cuts the connection at once. */
  terminate(): void {
    this.close();
    this.#transport.terminate();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #onBytes(chunk: Uint8Array): void {
    if (this.#state === "closed") return;
    // Nobody asked for these: whatever they are, they are no answer to the next request.
    if (this.#state === "idle") {
      this.#cut();
      return;
    }
    this.#incoming.receive(chunk);
    if (this.#state === "streaming") this.#wake();
    else if (this.#state === "busy" && !this.#flight.checkDeadline()) this.#read();
  }

  #onDrain(): void {
    if (this.#state === "busy") this.#flight.pump();
  }

  #onEnd(error: Error | null): void {
    this.#ended = true;
    if (this.#state === "busy" || this.#state === "streaming") {
      this.#reader?.eof();
      if (this.#state === "streaming") this.#wake();
      else this.#read();
      if (this.#state === "busy") this.#lost(error);
    } else if (this.#state === "idle") this.#cut();
    else if (this.#state === "closed" && !this.#transport.closed) this.#transport.terminate();
  }

  /** Reads on in the response that is awaited. */
  #read(): void {
    const reader = this.#reader;
    if (reader === null) return;
    const response = this.#incoming.next(reader);
    if (response !== null) this.#land(reader, response);
    else if (reader.failure !== null) this.#broken(reader);
    else if (reader.continued && this.#flight.awaitsContinue) this.#flight.continue();
  }

  #land(reader: ResponseReader, response: Response): void {
    // An answer to a request that is not all sent: what follows would be taken for its rest.
    if (!this.#flight.allSent) this.#last = true;
    if (response.upgraded) {
      this.#state = "upgraded";
    } else if (response.streamed) {
      this.#state = "streaming";
      response.source = this.#pieces(reader, response);
    } else {
      this.#settle(reader, response);
    }
    this.#flight.land(response);
  }

  /** The response was read to its end: is there a next one? */
  #settle(reader: ResponseReader, response: Response): void {
    const stray = reader.pending > 0 || this.#incoming.waiting > 0;
    if (!response.keepAlive || this.#last || this.#ended || stray) {
      if (stray) this.#cut();
      else this.#close();
      return;
    }
    this.#state = "idle";
    this.#flight.finish();
    const seconds = response.keepAliveTimeout;
    this.#idleUntil =
      seconds === null ? Number.POSITIVE_INFINITY : performance.now() + seconds * 1000 - this.#settings.keepAliveMargin;
  }

  async *#pieces(reader: ResponseReader, response: Response): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        const piece = this.#incoming.nextPiece(reader);
        if (piece !== null) yield piece;
        else if (reader.bodyComplete) return;
        else if (reader.failure !== null) this.#broken(reader);
        else if (this.#ended) this.#lost(null);
        else if (this.#error === null) await new Promise<void>((wake) => (this.#wake = wake));
        if (this.#error !== null) throw this.#error;
      }
    } finally {
      if (this.#state === "streaming") {
        if (reader.bodyComplete) this.#settle(reader, response);
        else this.#cut();
      }
    }
  }

  #broken(reader: ResponseReader): void {
    const { failure } = reader;
    // What was cut is the connection's fault, and what the transport says of it is more.
    if (failure?.code === "HTTP_TRUNCATED") this.#lost(failure);
    else this.#fail("REQUEST_BAD_RESPONSE", `Cannot finish request: ${failure?.message ?? ""}`, failure);
  }

  #lost(cause: Error | null): void {
    this.#fail("REQUEST_CONNECTION_LOST", "Cannot finish request: the connection ended before its response", cause);
  }

  #fail(code: RequestErrorCode, message: string, cause: unknown): void {
    const { progress, bytesSent } = this.#flight;
    const error = new RequestError(code, message, progress, bytesSent, cause);
    const streaming = this.#state === "streaming";
    this.#error = error;
    this.#cut();
    if (streaming) this.#wake();
    else this.#flight.crash(error);
  }

  /** Ends in order: FIN, then the peer's FIN; cut where that does not come. */
  #close(): void {
    this.#leave();
    if (this.#ended) this.#transport.terminate();
    else {
      this.#transport.shutdown();
      setTimeout(() => this.#transport.terminate(), LINGER).unref();
    }
  }

  #cut(): void {
    this.#leave();
    this.#transport.terminate();
  }

  #leave(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#flight.release();
    this.#incoming.discard();
    this.onClosed?.();
  }
}

const PLAIN: SendOptions = {};

/** Milliseconds that the peer has to answer our FIN. */
const LINGER = 1_000;

function ignore(): void {}
