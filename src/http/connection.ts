import { type ProtocolError, UsageError } from "../codec/errors.ts";
import type { Request } from "../codec/http/request.ts";
import type { Response } from "../codec/http/response.ts";
import type { ResponseReader } from "../codec/http/response-reader.ts";
import { dialUrl } from "../socket/dial-url.ts";
import { endInOrder } from "../socket/ending.ts";
import type { SocketInfo } from "../socket/socket-info.ts";
import type { Transport } from "../socket/transport.ts";
import { notReusable, RequestError, type RequestErrorCode, unexpected } from "./errors.ts";
import { Flight } from "./flight.ts";
import { IdleLimit } from "./idle-limit.ts";
import { Incoming } from "./incoming.ts";
import { checkSecure } from "./open.ts";
import { checkSendOptions, type HttpOptions, type HttpSettings, httpSettings, type SendOptions } from "./options.ts";
import { Outlet } from "./outlet.ts";
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
  /** Told once, at the moment when the connection can carry no more requests; for a pool. What it throws goes to the console. */
  onClosed: (() => void) | null = null;

  readonly #transport: Transport;
  /** @internal */ readonly idleLimit: IdleLimit;
  readonly #flight: Flight;
  readonly #incoming: Incoming;
  #state: HttpState = "idle";
  /** The request in flight is the last one: its `Connection` lists `close`. */
  #last = false;
  /** The peer's FIN, or the transport's end, was seen. */
  #ended = false;
  /** Why the transport ended; null where it did not, or in order. */
  #endError: Error | null = null;
  /** What ended the connection; null where it was an end in order. */
  #error: Error | null = null;

  private constructor(transport: Transport, origin: string, settings: HttpSettings) {
    this.origin = origin;
    this.#transport = transport;
    this.idleLimit = new IdleLimit(settings.keepAliveMargin);
    this.#incoming = new Incoming(transport);
    const outlet = new Outlet(transport);
    this.#flight = new Flight(outlet, settings.continueTimeout, (code, message, cause) =>
      this.#fail(code, message, cause),
    );
    outlet.attach({
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
    return new HttpConnection(await dialUrl(target, settings), target.origin, settings);
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
    let response: Promise<Response>;
    try {
      checkSendOptions(options, request.streamed);
      this.#incoming.expect(request, reader, options);
      response = this.#flight.board(request, reader, options);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#state = "busy";
    this.#last = !request.keepAlive;
    this.#flight.launch();
    return response;
  }

  /** True where the next `send` may go: nothing is in flight, nothing has ended it, and `Keep-Alive: timeout=` has not run out. */
  get isReusable(): boolean {
    if (this.#state !== "idle") return false;
    if (!this.idleLimit.passed) return true;
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

  /**
   * After an upgrade, or success to CONNECT: gives away the transport and the bytes of the other protocol that have come. Attach to the
   * transport before anything is awaited: what comes then is its receiver's, the peer's FIN too.
   * @throws UsageError (`CONNECTION_NOT_UPGRADED`)
   */
  release(): { readonly transport: Transport; readonly rest: Uint8Array } {
    if (this.#state !== "upgraded") {
      throw new UsageError("CONNECTION_NOT_UPGRADED", `Cannot release connection: it is ${this.#state}`);
    }
    const rest = this.#incoming.rest();
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
    if (chunk.length === 0) return;
    const state = this.#state;
    // Nobody asked for these: whatever they are, they are no answer to the next request.
    if (state === "idle") this.#cut(unexpected(chunk.length));
    else if (state === "busy" && this.#flight.bytesSent === 0) this.#refuse(unexpected(chunk.length));
    else if (state === "busy") {
      this.#incoming.take(chunk);
      this.#read();
      // Its timer can be late when bytes keep coming.
      if (this.#state === "busy") this.#flight.checkDeadline();
    } else if (state !== "closed") this.#incoming.receive(chunk);
  }

  #onDrain(): void {
    if (this.#state === "busy" || this.#state === "streaming") this.#flight.pump();
  }

  #onEnd(error: Error | null): void {
    this.#ended = true;
    this.#endError ??= error;
    if (this.#state === "busy" || this.#state === "streaming") {
      // A body that ends with the connection is whole where that ends in order, and cut otherwise (RFC 9112 section 8).
      if (error === null) this.#incoming.eof();
      else this.#incoming.wake();
      if (this.#state === "busy" && error === null) this.#read();
      if (this.#state === "busy") this.#lost(error);
    } else if (this.#state === "idle") this.#cut(error);
    else if (this.#state === "closed" && !this.#transport.closed) this.#transport.terminate();
  }

  /** Reads on in the response that is awaited. */
  #read(): void {
    const response = this.#incoming.next();
    const { failure } = this.#incoming;
    // What is told of an interim response, or inflates a body, may have ended it.
    if (this.#state !== "busy") return;
    if (response !== null) this.#land(response);
    else if (failure !== null) this.#broken(failure);
    else if (this.#flight.awaitsContinue && this.#incoming.continued) this.#flight.continue();
  }

  #land(response: Response): void {
    if (response.upgraded) {
      this.#state = "upgraded";
      this.#flight.finish();
      this.#incoming.pause();
    } else if (response.streamed) {
      this.#state = "streaming";
      response.source = this.#pieces(response);
      this.#flight.answered(response);
    } else this.#settle(response);
    this.#flight.land(response);
  }

  /** The response was read to its end: is there a next one? */
  #settle(response: Response): void {
    const { pending } = this.#incoming;
    if (pending > 0) this.#cut(unexpected(pending));
    // What followed an answer to a request that is not all sent would be taken for its rest.
    else if (!response.keepAlive || this.#last || this.#ended || !this.#flight.allSent) this.#close();
    else {
      this.#state = "idle";
      this.#flight.finish();
      this.#incoming.settle();
      this.idleLimit.begin(response.keepAliveTimeout);
    }
  }

  async *#pieces(response: Response): AsyncGenerator<Uint8Array, void, undefined> {
    const incoming = this.#incoming;
    try {
      for (;;) {
        if (this.#error !== null) throw this.#error;
        const piece = incoming.nextPiece();
        if (piece !== null) yield piece;
        else if (incoming.complete) return;
        else if (incoming.failure !== null) this.#broken(incoming.failure);
        else if (this.#ended) this.#lost(this.#endError);
        else await incoming.more();
      }
    } finally {
      if (this.#state === "streaming") {
        if (incoming.complete) this.#settle(response);
        else this.#cut(null);
      }
    }
  }

  #broken(failure: ProtocolError): void {
    // What was cut is the connection's fault, and what the transport says of it is more.
    if (failure.code === "HTTP_TRUNCATED") this.#lost(failure);
    else this.#refuse(failure);
  }

  #refuse(failure: ProtocolError): void {
    this.#fail("REQUEST_BAD_RESPONSE", `Cannot finish request: ${failure.message}`, failure);
  }

  #lost(cause: Error | null): void {
    this.#fail("REQUEST_CONNECTION_LOST", "Cannot finish request: the connection ended before its response", cause);
  }

  #fail(code: RequestErrorCode, message: string, cause: unknown): void {
    const { progress, bytesSent } = this.#flight;
    const error = new RequestError(code, message, progress, bytesSent, cause);
    const streaming = this.#state === "streaming";
    this.#cut(error);
    if (!streaming) this.#flight.crash(error);
  }

  #close(): void {
    this.#leave();
    if (this.#ended) this.#transport.terminate();
    else endInOrder(this.#transport);
  }

  #cut(error: Error | null): void {
    this.#error = error;
    this.#leave();
    this.#transport.terminate();
  }

  #leave(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#flight.release();
    this.#incoming.release();
    try {
      this.onClosed?.();
    } catch (error) {
      // The request's outcome is told whatever a pool does about it.
      console.error(error);
    }
  }
}

const PLAIN: SendOptions = {};
