import { TimeoutError } from "../codec/errors.ts";
import type { DeflateTerms } from "../codec/ws/deflate-terms.ts";
import type { PayloadWriter } from "../codec/ws/frame-writer.ts";
import type { Message } from "../codec/ws/message.ts";
import type { SocketInfo } from "../socket/socket-info.ts";
import type { SpinTlsFacts } from "../socket/spin-transport.ts";
import { deadlineIn } from "../socket/spin-wait.ts";
import { notOpen } from "./errors.ts";
import { latencyOf, type WsLatency } from "./latency.ts";
import type { SessionState, WsClosure } from "./session-state.ts";
import { SpinDelivery } from "./spin-delivery.ts";
import { type SpinOpened, spinOpen, spinOpenNow } from "./spin-open.ts";
import type { SpinWsOptions } from "./spin-options.ts";
import type { SpinSession } from "./spin-session.ts";
import { shownUrl } from "./target.ts";

/** How long one call may take. */
export interface SpinCallOptions {
  /** Milliseconds. Default: as long as it takes. */
  readonly timeout?: number;
}

/** Whom {@link SpinWsStream.recvAll} calls. */
export interface SpinHandler {
  /** A message arrived. It is borrowed: read it before returning, or keep `msg.toOwned()`. Pings were answered already. */
  message(ws: SpinWsStream, msg: Message): void;
}

/** Set by the class below, which alone can reach its private parts. Not for users. */
export let sessionOf: (ws: SpinWsStream) => SpinSession;

/**
 * A WebSocket for a thread that does nothing else. Nothing happens outside its calls: `recv` waits with the thread, spinning or in
 * `poll(2)`, and while it does no timer fires and no promise goes on. Run it in a Worker.
 *
 * ```ts
 * using ws = await SpinWsStream.connect("wss://exchange.example/ws");
 * ws.sendText('{"op":"subscribe"}');
 * for (let msg = ws.recv(); msg !== null; msg = ws.recv()) {
 *   if (msg.kind === "text") console.log(msg.text());
 * }
 * ```
 *
 * Pings and the close frame are answered as they are read, heartbeats are sent and limits of time looked at while it reads: a program that does
 * not call it does not answer. The descriptor is given back when `recv` has returned null, by `terminate()`, and by leaving `using`.
 */
export class SpinWsStream implements Disposable {
  /** The URL it was opened with, without user name and password. */
  readonly url: string;
  /** The subprotocol the server chose, `""` where it chose none. */
  readonly protocol: string;
  /** The fields of the server's answer, in order and case. */
  readonly responseHeaders: readonly (readonly [name: string, value: string])[];
  /** How messages are compressed, as both sides agreed; null where they are not. */
  readonly deflate: DeflateTerms | null;
  /** What was measured; null without the option `latency`. */
  readonly latency: WsLatency | null;
  readonly #session: SpinSession;
  readonly #delivery: SpinDelivery;
  readonly #highWaterMark: number;

  private constructor({ session, handshake }: SpinOpened, highWaterMark: number) {
    this.#session = session;
    this.#delivery = new SpinDelivery(session, this);
    this.#highWaterMark = highWaterMark;
    this.url = handshake.url;
    this.protocol = handshake.protocol;
    this.responseHeaders = handshake.headers;
    this.deflate = handshake.deflate ?? null;
    this.latency = latencyOf(session.recorder, handshake.connect ?? null);
  }

  /**
   * Resolves the name, which needs the event loop; then connects and opens while the thread waits.
   * @throws ConnectError, HandshakeError, TimeoutError (`CONNECT_TIMEOUT`, with its phase), AbortedError, SocketOptionError, UsageError
   */
  static async connect(url: string | URL, options: SpinWsOptions = {}): Promise<SpinWsStream> {
    return new SpinWsStream(await spinOpen(url, options), highWaterMarkOf(options));
  }

  /** {@link connect} for a URL with an IP address, without an event loop at all. @throws UsageError (`SPIN_NEEDS_ADDRESS`) for a name */
  static connectSync(url: string | URL, options: SpinWsOptions = {}): SpinWsStream {
    return new SpinWsStream(spinOpenNow(url, options), highWaterMarkOf(options));
  }

  /**
   * The next message that has come, or null: it asks the kernel a few times at most, and never waits. The message is borrowed until
   * the next `recv` or `tryRecv`. At the end it is null, too: `recv` tells the difference, and the error.
   */
  tryRecv(): Message | null {
    this.#delivery.checkIdle();
    return this.#session.next();
  }

  /**
   * Waits for the next message, which is borrowed until the next `recv` or `tryRecv`. After the peer's close frame comes one `close`
   * message; then null, once the peer has ended the connection or `closeTimeout` has run out. Every other end throws once, the error of
   * `WsStream`: ProtocolError, TransportError, WsClosedError, TimeoutError; then it is null.
   * @throws TimeoutError (`RECV_TIMEOUT`) where `timeout` came first; the stream goes on
   */
  recv(options?: SpinCallOptions): Message | null {
    this.#delivery.checkIdle();
    const message = this.#session.next();
    if (message !== null) return message;
    const timeout = options?.timeout;
    return this.#session.wait(deadlineIn(timeout)) ?? this.#ending(timeout ?? 0);
  }

  /**
   * Waits as {@link recv} does, and calls `handler.message` for the message and for all that came with it: the fast way where many come at
   * once. Returns how many that were, 0 at the end. Within the handler the stream may send and close, but not receive (`RECV_PENDING`). What
   * the handler throws is thrown here; the messages behind that one are for the next call.
   * @throws what `recv` does
   */
  recvAll(handler: SpinHandler, options?: SpinCallOptions): number {
    this.#delivery.checkIdle();
    const count = this.#delivery.run(handler, null);
    if (count > 0) return count;
    const message = this.recv(options);
    return message === null ? 0 : this.#delivery.run(handler, message);
  }

  /**
   * Sends a text message. True where the kernel or the write buffer took it, false above the high-water mark: it goes out as other calls are
   * made, and {@link drained} waits for room. Throws `WS_NOT_OPEN` once closing has begun; so do the others.
   */
  sendText(text: string): boolean {
    this.#session.checkOpen();
    return this.#session.outbox.text(text);
  }

  /** Sends a binary message. The bytes are copied before it returns. */
  sendBinary(bytes: Uint8Array): boolean {
    this.#session.checkOpen();
    return this.#session.outbox.binary(bytes);
  }

  /**
   * Sends a text message that `write` serialises in place, without a string between: at most `maxLength` bytes of UTF-8 at `offset`;
   * it returns the index after the last byte. It must not send.
   */
  sendTextWith(maxLength: number, write: PayloadWriter): boolean {
    this.#session.checkOpen();
    return this.#session.outbox.inPlace("text", maxLength, write);
  }

  /** {@link sendTextWith} for a binary message. */
  sendBinaryWith(maxLength: number, write: PayloadWriter): boolean {
    this.#session.checkOpen();
    return this.#session.outbox.inPlace("binary", maxLength, write);
  }

  /** Sends a ping of at most 125 bytes; the peer's pong carries the same and is delivered. */
  sendPing(payload?: Uint8Array): boolean {
    this.#session.checkOpen();
    return this.#session.ping(payload);
  }

  /** Sends a pong that nobody asked for (RFC 6455 section 5.5.3). Pings are answered without it. */
  sendPong(payload?: Uint8Array): boolean {
    this.#session.checkOpen();
    return this.#session.outbox.pong(payload);
  }

  /** Runs `sends`, whose messages then go out in one write. */
  cork(sends: () => void): boolean {
    return this.#session.outbox.cork(sends);
  }

  /**
   * Waits until at most half the high-water mark waits to be sent. Nothing is read meanwhile: a peer that waits for us to read waits, too.
   * @throws TimeoutError (`SEND_TIMEOUT`), WsClosedError (`WS_NOT_OPEN`) where it is closed, or closes first
   */
  drained(options?: SpinCallOptions): void {
    this.#flush(this.#highWaterMark >> 1, options?.timeout);
    if (this.#session.state === "ended") throw notOpen("wait for room", "ended");
  }

  /** Bytes that were sent and that the kernel has not taken yet. */
  get bufferedAmount(): number {
    return this.#session.outbox.length;
  }

  /**
   * When the kernel had the last of the bytes that were read last, in nanoseconds since 1970 by the system's clock (SO_TIMESTAMPNS). Each
   * message says the same of its own as `msg.kernelReceivedAt`. A big integer is made at each call. Null without the option `timestamps`.
   */
  get kernelReceivedAt(): bigint | null {
    return this.#session.transport.receivedAt;
  }

  /** Where it stands; only `open` sends. */
  get state(): SessionState {
    return this.#session.state;
  }

  /** How it was closed; null while it is not. */
  get closed(): WsClosure | null {
    const { end, over } = this.#session;
    return end === null || !over ? null : { code: end.code, reason: end.reason };
  }

  /** The descriptor, to be looked at; −1 once it was given back. */
  get fd(): number {
    return this.#session.transport.fd;
  }

  /**
   * Begins the closing handshake and returns: read on until null. Without effect once closing has begun.
   * @param code 1000 to 1003, 1007 to 1014 or 3000 to 4999; else throws `CLOSE_CODE_INVALID`. Default: none on the wire.
   * @param reason at most 123 bytes of UTF-8.
   */
  close(code?: number, reason?: string): boolean {
    return this.#session.close(code, reason);
  }

  /** Cuts the connection at once, with RST; what was not read is dropped. */
  terminate(): void {
    this.#delivery.stop();
    this.#session.terminate();
  }

  /** What TLS settled; null for `ws:`, and once closed. */
  get tls(): SpinTlsFacts | null {
    return this.#session.transport.tls;
  }

  /** Socket options in force and TCP_INFO; null once closed. */
  socketInfo(): SocketInfo | null {
    return this.#session.transport.socketInfo();
  }

  /** Closes with 1000, drops what still comes, and waits for the end of the connection, at most `closeTimeout`. */
  [Symbol.dispose](): void {
    this.#delivery.checkIdle();
    const session = this.#session;
    session.close(1000, undefined);
    while (!session.over) {
      session.wait(Number.POSITIVE_INFINITY);
      if (session.hasError) session.takeError();
    }
    session.releaseMemory();
  }

  #flush(most: number, timeout: number | undefined): void {
    if (this.#session.flush(most, deadlineIn(timeout))) return;
    const waiting = this.bufferedAmount;
    const message = `Cannot send: ${waiting} bytes still wait after ${timeout} ms`;
    throw new TimeoutError("SEND_TIMEOUT", message, timeout ?? 0, "send");
  }

  /** What `recv` says where there is no message: the error once, null at the end, or that time ran out. */
  #ending(timeout: number): null {
    const session = this.#session;
    if (session.over) session.releaseMemory();
    if (session.hasError) throw session.takeError();
    if (session.over) return null;
    throw new TimeoutError("RECV_TIMEOUT", `Cannot receive: no message came within ${timeout} ms`, timeout, "recv");
  }

  static {
    sessionOf = (ws) => ws.#session;
    // What `console.log` shows: no buffers, and so nothing of what was sent or received.
    Object.defineProperty(SpinWsStream.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: SpinWsStream): string {
        return `SpinWsStream { ${shownUrl(this.url)}, ${this.state}, ${this.bufferedAmount} bytes to send }`;
      },
    });
  }
}

function highWaterMarkOf({ highWaterMark = 1 << 20 }: SpinWsOptions): number {
  return highWaterMark;
}
