import { type ProtocolError, TimeoutError } from "../codec/errors.ts";
import type { Request } from "../codec/http/request.ts";
import type { Response } from "../codec/http/response.ts";
import type { ResponseReader } from "../codec/http/response-reader.ts";
import type { SocketInfo } from "../socket/socket-info.ts";
import { spinConnect } from "../socket/spin-connect.ts";
import { type SpinTarget, spinTarget, spinTargetNow } from "../socket/spin-target.ts";
import type { SpinTlsFacts, SpinTransport } from "../socket/spin-transport.ts";
import { SpinWait } from "../socket/spin-wait.ts";
import { notReusable, RequestError, type RequestErrorCode, type RequestProgress, unexpected } from "./errors.ts";
import { IdleLimit } from "./idle-limit.ts";
import { checkSendOptions } from "./options.ts";
import { SpinIncoming } from "./spin-incoming.ts";
import { type SpinHttpOptions, type SpinHttpSettings, type SpinSendOptions, spinHttpSettings } from "./spin-options.ts";
import { httpTarget } from "./target.ts";

/**
 * A keep-alive connection for a thread that does nothing else: `send` writes the request and waits for the response with the thread,
 * spinning or in `poll(2)`. What fails fails as with `HttpConnection`: once, untried again, and the connection is over. Bodies that are
 * streamed, in either direction, and upgrades are for that one.
 *
 * ```ts
 * const writer = new RequestWriter("api.example.com");
 * const reader = new ResponseReader();
 * using conn = await SpinHttpConnection.connect("http://api.example.com");
 * const response = conn.send(writer.get("/time").finish(), reader, { timeout: 2_000 });
 * console.log(response.status, response.bodyText());
 * ```
 */
export class SpinHttpConnection implements Disposable {
  /** `http://api.example.com` */
  readonly origin: string;
  readonly #transport: SpinTransport;
  readonly #incoming: SpinIncoming;
  readonly #wait: SpinWait;
  readonly #idleLimit: IdleLimit;
  readonly #continueTimeout: number;
  /** Of the request in flight, bytes that the kernel took, and all. */
  #sent = 0;
  #length = 0;
  #error: Error | null = null;

  private constructor(transport: SpinTransport, origin: string, settings: SpinHttpSettings) {
    this.origin = origin;
    this.#transport = transport;
    this.#incoming = new SpinIncoming(transport, settings.wait.maxReadSize);
    this.#wait = new SpinWait(settings.wait);
    this.#idleLimit = new IdleLimit(settings.http.keepAliveMargin);
    this.#continueTimeout = settings.http.continueTimeout;
  }

  /**
   * Resolves the name, which needs the event loop, then connects while the thread waits; nothing is sent yet.
   * @throws ConnectError, TimeoutError (`CONNECT_TIMEOUT`, with its phase), AbortedError, SocketOptionError, UsageError
   */
  static async connect(url: string | URL, options: SpinHttpOptions = {}): Promise<SpinHttpConnection> {
    const settings = spinHttpSettings(options);
    const target = httpTarget(url);
    return SpinHttpConnection.#open(await spinTarget(target, settings.http), target.origin, settings);
  }

  /** {@link connect} for a URL with an IP address, without an event loop at all. @throws UsageError (`SPIN_NEEDS_ADDRESS`) for a name */
  static connectSync(url: string | URL, options: SpinHttpOptions = {}): SpinHttpConnection {
    const settings = spinHttpSettings(options);
    const target = httpTarget(url);
    return SpinHttpConnection.#open(spinTargetNow(target, settings.http), target.origin, settings);
  }

  /**
   * Sends `request` and waits for its response, which `reader` lends until the next `send`.
   * @throws RequestError, which tells `progress` and `bytesSent`; UsageError (`RESPONSE_UNDER_WAY`, `REQUEST_BODY_MISMATCH`)
   */
  send(request: Request, reader: ResponseReader, options: SpinSendOptions = PLAIN): Response {
    if (!this.isReusable) throw notReusable("closed", this.#error);
    checkSendOptions(options, request.streamed);
    this.#incoming.expect(request.method, reader);
    this.#sent = 0;
    this.#length = request.end - request.start;
    const response = this.#exchange(request, reader, options.timeout ?? 0);
    this.#settle(response, request.keepAlive);
    return response;
  }

  /**
   * True where the next `send` may go: nothing has ended the connection, and `Keep-Alive: timeout=` has not run out. It asks the kernel: a FIN,
   * or a byte that nobody asked for, ends the connection here.
   */
  get isReusable(): boolean {
    if (this.#transport.closed) return false;
    if (this.#idleLimit.passed) {
      this.close();
      return false;
    }
    const strays = this.#incoming.strays();
    if (strays === 0) return true;
    this.#cut(strays > 0 ? unexpected(strays) : this.#transport.fault);
    return false;
  }

  /** The descriptor, to be looked at; −1 once closed. */
  get fd(): number {
    return this.#transport.fd;
  }

  /**
   * When the kernel had the last of the response, in nanoseconds since 1970 by the system's clock. Null without the option `timestamps`.
   */
  get kernelReceivedAt(): bigint | null {
    return this.#transport.receivedAt;
  }

  get state(): "idle" | "closed" {
    return this.#transport.closed ? "closed" : "idle";
  }

  /** What TLS settled; null for `http:`, and once closed. */
  get tls(): SpinTlsFacts | null {
    return this.#transport.tls;
  }

  /** Socket options in force and TCP_INFO; null once closed. */
  socketInfo(): SocketInfo | null {
    return this.#transport.socketInfo();
  }

  /** Ends the connection in order. */
  close(): void {
    this.#transport.close();
  }

  /** Cuts the connection at once, with RST. */
  terminate(): void {
    this.#transport.terminate();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #exchange(request: Request, reader: ResponseReader, timeout: number): Response {
    const { buffer, start, end, bodyStart, expectsContinue } = request;
    const transport = this.#transport;
    const incoming = this.#incoming;
    const wait = this.#wait;
    const deadline = timeout === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeout;
    let gate = expectsContinue ? bodyStart : end;
    let openAt = gate < end ? performance.now() + this.#continueTimeout : Number.POSITIVE_INFINITY;
    wait.begin();
    for (let reads = 1; ; ) {
      const pos = start + this.#sent;
      // A peer that is gone may have answered before: what it said is read first.
      if (pos < gate) this.#sent += Math.max(0, transport.write(buffer, pos, gate - pos));
      else if (transport.owes) transport.flush();
      const count = incoming.receive(reader);
      if (count > 0) {
        const response = reader.next();
        if (response !== null) return response;
        if (reader.failure !== null) throw this.#broken(reader.failure);
        if (reader.continued) gate = end;
        // What pours in leaves nothing to wait for.
        if ((++reads & READS_PER_LOOK) === 0 && performance.now() >= deadline) throw this.#expired(timeout);
      } else if (count < 0) return this.#ended(reader);
      else if (wait.rest(transport, pos < gate, Math.min(deadline, openAt))) {
        if (wait.now >= openAt) {
          gate = end;
          openAt = Number.POSITIVE_INFINITY;
        }
        if (wait.now >= deadline) throw this.#expired(timeout);
      }
    }
  }

  /** A body that ends with the connection is whole where that ended in order, and cut otherwise (RFC 9112 section 8). */
  #ended(reader: ResponseReader): Response {
    const { fault } = this.#transport;
    if (fault !== null) throw this.#lost(fault);
    reader.eof();
    const response = reader.next();
    if (response !== null) return response;
    throw reader.failure === null ? this.#lost(null) : this.#broken(reader.failure);
  }

  /** The response was read to its end: is there a next one? */
  #settle(response: Response, isKept: boolean): void {
    const { pending } = this.#incoming;
    if (pending > 0) this.#cut(unexpected(pending));
    // What followed an answer to a request that is not all sent would be taken for its rest.
    else if (!response.keepAlive || !isKept || this.#sent < this.#length || this.#transport.owes) this.close();
    else this.#idleLimit.begin(response.keepAliveTimeout);
  }

  #broken(failure: ProtocolError): RequestError {
    // What was cut is the connection's fault.
    if (failure.code === "HTTP_TRUNCATED") return this.#lost(failure);
    return this.#fail("REQUEST_BAD_RESPONSE", `Cannot finish request: ${failure.message}`, failure);
  }

  #lost(cause: Error | null): RequestError {
    const message = "Cannot finish request: the connection ended before its response";
    return this.#fail("REQUEST_CONNECTION_LOST", message, cause);
  }

  #expired(timeout: number): RequestError {
    const message = `Cannot finish request: ${timeout} ms ran out`;
    const cause = new TimeoutError("REQUEST_TIMEOUT", message, timeout, "request");
    return this.#fail("REQUEST_TIMEOUT", message, cause);
  }

  #fail(code: RequestErrorCode, message: string, cause: Error | null): RequestError {
    const error = new RequestError(code, message, this.#progress, this.#sent, cause);
    this.#cut(error);
    return error;
  }

  get #progress(): RequestProgress {
    if (this.#incoming.started) return "response-started";
    if (this.#sent === 0) return "not-sent";
    return this.#sent === this.#length ? "sent" : "partly-sent";
  }

  #cut(error: Error | null): void {
    this.#error = error;
    this.#transport.terminate();
  }

  static #open(target: SpinTarget, origin: string, settings: SpinHttpSettings): SpinHttpConnection {
    return new SpinHttpConnection(spinConnect(target, settings.http, settings.wait.timestamps), origin, settings);
  }
}

const PLAIN: SpinSendOptions = {};
/** The clock costs a fifth of a call to the kernel: every 64th is not to be seen. */
const READS_PER_LOOK = 63;
