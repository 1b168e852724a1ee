import { UsageError } from "../codec/errors.ts";
import { CloseCode } from "../codec/ws/close-code.ts";
import type { Message, OwnedMessage } from "../codec/ws/message.ts";
import { type StreamPair, streamTransport } from "../socket/stream-transport.ts";
import type { Transport } from "../socket/transport.ts";
import { acceptTransport } from "./accept.ts";
import { type AcceptOptions, acceptSettings } from "./accept-options.ts";
import { WsChannel } from "./channel.ts";
import { WsClosedError } from "./errors.ts";
import type { OpenHandshake } from "./handshake.ts";
import { type MessageSource, sourceOf } from "./message-source.ts";
import { openTransport, openUrl } from "./open.ts";
import { type WsOptions, wsSettings } from "./options.ts";
import type { WsSession } from "./session.ts";
import { readableOf, type SendableMessage, writableOf } from "./web-streams.ts";

/**
 * A WebSocket that is read by asking: `await recv()`, `tryRecv()` in a hot loop, or `for await`.
 *
 * ```ts
 * await using ws = await WsStream.connect("wss://exchange.example/ws");
 * ws.sendText('{"op":"subscribe"}');
 * for (let msg = await ws.recv(); msg !== null; msg = await ws.recv()) {
 *   if (msg.kind === "text") console.log(msg.text());
 * }
 * ```
 *
 * A program that does not read holds the peer back: the ring fills, then the socket is paused. Pings and the close frame are
 * answered all the same, as far as they have arrived.
 */
export class WsStream extends WsChannel implements AsyncIterable<OwnedMessage>, AsyncDisposable {
  readonly #source: MessageSource;
  #waiting: PromiseWithResolvers<Message | null> | null = null;
  /** Nobody will read any more: what comes is dropped, so that the close frame is reached. */
  #discarding = false;
  #errorTold = false;
  #readable: ReadableStream<OwnedMessage> | null = null;
  #writable: WritableStream<SendableMessage> | null = null;

  private constructor(session: WsSession, handshake: OpenHandshake) {
    super(session, handshake);
    this.#source = sourceOf(session);
  }

  /**
   * Connects and opens.
   * @throws ConnectError, HandshakeError, TimeoutError (`CONNECT_TIMEOUT`, with its phase), AbortedError, UsageError
   */
  static async connect(url: string | URL, options: WsOptions = {}): Promise<WsStream> {
    return openUrl(url, wsSettings(options), WsStream.#start);
  }

  /** Opens over a transport that is connected already. `url` names host and path; for `wss:` the transport must be secure. */
  static async connectWith(transport: Transport, url: string | URL, options: WsOptions = {}): Promise<WsStream> {
    return openTransport(transport, url, wsSettings(options), WsStream.#start);
  }

  /**
   * Accepts what a client asks for over a connected transport, one of {@link TcpListener} say: the server's half of the handshake. A
   * request that breaks a rule, or that `onUpgrade` refuses, is answered with an HTTP status, and the transport ended.
   * @throws HandshakeError, TimeoutError (`ACCEPT_TIMEOUT`), AbortedError, UsageError, and what `onUpgrade` throws
   */
  static async accept(transport: Transport, options: AcceptOptions = {}): Promise<WsStream> {
    return acceptTransport(transport, acceptSettings(options), WsStream.#start);
  }

  /**
   * Opens over a pair of byte streams, which are locked from here on: whatever carries bytes in order can carry a WebSocket. The streams
   * are taken as they are, so `ws:` is the scheme; use {@link connectWith} with `streamTransport(pair, { secure: true })` for `wss:`.
   */
  static async from(pair: StreamPair, url: string | URL, options: WsOptions = {}): Promise<WsStream> {
    return WsStream.connectWith(streamTransport(pair), url, options);
  }

  /**
   * The messages from here on as a stream, each owning its data, the close message last: one stream, made at the first call. Nothing is read
   * ahead of its reader, which holds the peer back where it is slow. While it reads, `recv` and `tryRecv` would take messages from it.
   * Cancelling it, and leaving `for await` over it, closes the WebSocket with 1000.
   */
  get readable(): ReadableStream<OwnedMessage> {
    this.#readable ??= readableOf(this);
    return this.#readable;
  }

  /**
   * Messages to send as a stream: strings as text, bytes as binary, and what {@link readable} gives. A write resolves once there is room
   * below the high-water mark. Closing it is `close(1000)` and waits for the end; aborting it closes with 1011, as what was sent is not
   * the whole. It fails when the connection ends otherwise. One stream, made at the first call.
   */
  get writable(): WritableStream<SendableMessage> {
    this.#writable ??= writableOf(this);
    return this.#writable;
  }

  /**
   * The next message that has arrived, or null: it never waits. The message is borrowed until the next `recv` or `tryRecv`.
   * At the end it is null, too: `recv` tells the difference, and the error.
   */
  tryRecv(): Message | null {
    return this.#source.next();
  }

  /**
   * The next message, borrowed until the next `recv` or `tryRecv`. After the peer's close frame comes one `close` message, then null.
   * Every other end rejects once with its error: ProtocolError, TransportError, WsClosedError, TimeoutError; then null.
   * One call at a time: a second one while the first waits rejects with `RECV_PENDING`.
   */
  recv(): Promise<Message | null> {
    if (this.#waiting !== null) return Promise.reject(pending());
    const message = this.#source.next();
    if (message !== null) return Promise.resolve(message);
    if (this.session.reader.closed || this.session.end !== null) return this.#ending();
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** The messages from here on, each owning its data, the close message last. Leaving the loop leaves the stream open. */
  [Symbol.asyncIterator](): AsyncIterator<OwnedMessage, undefined> {
    return {
      next: async () => {
        const message = await this.recv();
        return message === null ? { done: true, value: undefined } : { done: false, value: message.toOwned() };
      },
    };
  }

  /** Closes with 1000, drops what still comes, and resolves when the connection is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#discarding = true;
    this.close(1000);
    this.wake();
    await this.closed;
  }

  /** Resolves when the connection is gone, with the error that ended it, or null after a closing handshake. @internal */
  async gone(): Promise<Error | null> {
    const { code } = await this.closed;
    return this.session.end?.error ?? (code === CloseCode.ABNORMAL ? terminated("go on") : null);
  }

  /** @internal */
  protected override wake(): void {
    if (this.#discarding) while (this.session.next() !== null);
    if (this.#waiting !== null) this.#deliver();
    else if (!this.#discarding) this.session.scheduleLookAhead();
    if (this.session.state !== "ended") return;
    if (this.#discarding) this.session.releaseMemory();
    this.settleEnd();
  }

  #deliver(): void {
    const waiting = this.#waiting;
    const message = this.#source.next();
    if (message === null && this.session.end === null && !this.session.reader.closed) return;
    this.#waiting = null;
    if (message !== null) waiting?.resolve(message);
    else this.#ending().then(waiting?.resolve, waiting?.reject);
    this.session.scheduleLookAhead();
  }

  /** What `recv` says at the end: its error once, then null. Nothing is lent out any more, so the memory goes. */
  #ending(): Promise<null> {
    this.session.releaseMemory();
    const { end } = this.session;
    if (end === null || this.#errorTold || this.session.reader.closed) return NO_MORE;
    this.#errorTold = true;
    return Promise.reject(end.error ?? terminated("read"));
  }

  static #start(session: WsSession, handshake: OpenHandshake, rest: Uint8Array): WsStream {
    const ws = new WsStream(session, handshake);
    ws.start(rest, null);
    return ws;
  }
}

function terminated(action: string): WsClosedError {
  return new WsClosedError("WS_TERMINATED", `Cannot ${action}: the WebSocket was terminated`);
}

function pending(): UsageError {
  return new UsageError("RECV_PENDING", "Cannot receive: another recv is waiting");
}

const NO_MORE: Promise<null> = Promise.resolve(null);
