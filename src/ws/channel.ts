import type { DeflateTerms } from "../codec/ws/deflate-terms.ts";
import type { PayloadWriter } from "../codec/ws/frame-writer.ts";
import type { MessageSink } from "../codec/ws/message-sink.ts";
import type { SocketInfo } from "../socket/socket-info.ts";
import type { Transport } from "../socket/transport.ts";
import { notOpen } from "./errors.ts";
import type { OpenHandshake } from "./handshake.ts";
import { latencyOf, type WsLatency } from "./latency.ts";
import type { WsSession } from "./session.ts";
import type { SessionState, WsClosure } from "./session-state.ts";
import { shownUrl } from "./target.ts";

/** What {@link WsConnection} and {@link WsStream} share: everything but receiving. */
export abstract class WsChannel {
  /** The URL it was opened with, without user name and password. Messages and `console.log` leave out its query too. */
  readonly url: string;
  /** The subprotocol the server chose, `""` where it chose none. */
  readonly protocol: string;
  /** The fields of the server's answer, in order and case. */
  readonly responseHeaders: readonly (readonly [name: string, value: string])[];
  /** How messages are compressed, each way; null where they are not. */
  readonly deflate: DeflateTerms | null;
  /** What was measured; null without the option `latency`. */
  readonly latency: WsLatency | null;
  /** @internal */
  protected readonly session: WsSession;
  #drained: PromiseWithResolvers<void> | null = null;
  #closed: PromiseWithResolvers<WsClosure> | null = null;

  /** @internal */
  protected constructor(session: WsSession, handshake: OpenHandshake) {
    this.session = session;
    this.url = handshake.url;
    this.protocol = handshake.protocol;
    this.responseHeaders = handshake.headers;
    this.deflate = handshake.deflate ?? null;
    this.latency = latencyOf(session.recorder, handshake.connect ?? null);
  }

  /** The transport below: where it is a socket, its addresses, TLS version and descriptor. */
  get transport(): Transport {
    return this.session.transport;
  }

  /** Where it stands; only `open` sends. */
  get state(): SessionState {
    return this.session.state;
  }

  /** Bytes that were sent and that the kernel has not taken yet. */
  get bufferedAmount(): number {
    return this.session.outbox.length;
  }

  /**
   * Sends a text message. True where the kernel or the write buffer took it, false above the high-water mark: it is on its way all
   * the same, and {@link drained} waits for room. Throws `WS_NOT_OPEN` once closing has begun; so do the others.
   */
  sendText(text: string): boolean {
    this.session.checkOpen();
    return this.session.outbox.text(text);
  }

  /** Sends a binary message. The bytes are copied before it returns. */
  sendBinary(bytes: Uint8Array): boolean {
    this.session.checkOpen();
    return this.session.outbox.binary(bytes);
  }

  /**
   * Sends a text message that `write` serialises in place, without a string between: at most `maxLength` bytes of UTF-8 at `offset`;
   * it returns the index after the last byte. It must not send.
   */
  sendTextWith(maxLength: number, write: PayloadWriter): boolean {
    this.session.checkOpen();
    return this.session.outbox.inPlace("text", maxLength, write);
  }

  /** {@link sendTextWith} for a binary message. */
  sendBinaryWith(maxLength: number, write: PayloadWriter): boolean {
    this.session.checkOpen();
    return this.session.outbox.inPlace("binary", maxLength, write);
  }

  /** Sends a ping of at most 125 bytes; the peer's pong carries the same and is delivered. */
  sendPing(payload?: Uint8Array): boolean {
    this.session.checkOpen();
    return this.session.ping(payload);
  }

  /** Sends a pong that nobody asked for: a heartbeat in one direction (RFC 6455 section 5.5.3). Pings are answered without it. */
  sendPong(payload?: Uint8Array): boolean {
    this.session.checkOpen();
    return this.session.outbox.pong(payload);
  }

  /** Runs `sends`, whose messages then go out in one write. */
  cork(sends: () => void): boolean {
    return this.session.outbox.cork(sends);
  }

  /** Resolves once there is room again below half the high-water mark: at once where no send has said false. Rejects if it closes first. */
  drained(): Promise<void> {
    const { session } = this;
    if (session.state === "ended") return Promise.reject(notOpen("wait for room", "ended"));
    if (!session.outbox.full) return Promise.resolve();
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  /**
   * Begins the closing handshake: the peer's close frame and the end of the connection follow within `closeTimeout`, then it is cut.
   * Messages that are still under way can be read until then. Without effect once closing has begun.
   * @param code 1000 to 1003, 1007 to 1014 or 3000 to 4999; else throws `CLOSE_CODE_INVALID`. Default: none on the wire.
   * @param reason at most 123 bytes of UTF-8.
   */
  close(code?: number, reason?: string): boolean {
    return this.session.close(code, reason);
  }

  /** Resolves when the connection is gone, however it went. It never rejects. */
  get closed(): Promise<WsClosure> {
    this.#closed ??= Promise.withResolvers();
    this.#settleClosed();
    return this.#closed.promise;
  }

  /** Cuts the connection at once, with RST where there is one; what was not read is dropped. */
  terminate(): void {
    this.session.terminate();
  }

  /** Socket options in force and TCP_INFO; null where there is no socket, or no longer. */
  socketInfo(): SocketInfo | null {
    return this.session.transport.socketInfo();
  }

  /** Begins; `rest` are the bytes that came with the handshake, `sink` is where messages are pushed. @internal */
  protected start(rest: Uint8Array, sink: MessageSink | null): void {
    this.session.start({ sink, wake: () => this.wake(), room: () => this.room() }, rest);
  }

  /** Something arrived, or the end is known. @internal */
  protected abstract wake(): void;

  /** There is room to send again. @internal */
  protected room(): void {
    const waiting = this.#drained;
    this.#drained = null;
    waiting?.resolve();
  }

  /** Settles the promises that wait for the end of the connection. @internal */
  protected settleEnd(): void {
    const waiting = this.#drained;
    this.#drained = null;
    waiting?.reject(this.session.end?.error ?? notOpen("wait for room", "ended"));
    this.#settleClosed();
  }

  static {
    // What `console.log` shows: no buffers, and so nothing of what was sent or received, and no query, which may hold a key.
    Object.defineProperty(WsChannel.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: WsChannel): string {
        return `${this.constructor.name} { ${shownUrl(this.url)}, ${this.state}, ${this.bufferedAmount} bytes to send }`;
      },
    });
  }

  #settleClosed(): void {
    const { state, transport, closure } = this.session;
    if (state === "ended" && transport.closed) this.#closed?.resolve(closure);
  }
}
