import type { Message } from "../codec/ws/message.ts";
import { MessageSink } from "../codec/ws/message-sink.ts";
import type { Transport } from "../socket/transport.ts";
import { acceptTransport } from "./accept.ts";
import { type AcceptOptions, acceptSettings } from "./accept-options.ts";
import { WsChannel } from "./channel.ts";
import type { OpenHandshake } from "./handshake.ts";
import { handlerFor } from "./message-source.ts";
import { openTransport, openUrl } from "./open.ts";
import { type WsOptions, wsSettings } from "./options.ts";
import type { WsSession } from "./session.ts";

/** What a {@link WsConnection} calls. All run synchronously, within the socket's callback. */
export interface WsHandlers {
  /** A message arrived. It is borrowed: read it before returning, or keep `msg.toOwned()`. Pings were answered already. */
  message?(ws: WsConnection, msg: Message): void;
  /** The last of `count` messages that arrived together was delivered: act once on the newest state. */
  batch?(ws: WsConnection, count: number): void;
  /** There is room to send again after a send had said false. */
  drain?(ws: WsConnection): void;
  /** Something broke, and `close` follows; or a handler threw, and the connection goes on. Without it errors go to the console. */
  error?(ws: WsConnection, error: unknown): void;
  /** Last call, exactly once: the peer's code and reason, 1005 where its close frame had no code, 1006 where there was no close frame. */
  close?(ws: WsConnection, code: number, reason: string): void;
}

/**
 * A WebSocket that calls back: the fastest way to receive. Messages are delivered synchronously in the data callback, with no
 * promise, view or string between the socket and the handler.
 *
 * ```ts
 * const ws = await WsConnection.connect("wss://exchange.example/ws", {
 *   message(ws, msg) { if (msg.kind === "text") book.apply(msg.json()); },
 *   close(ws, code, reason) { console.log("closed", code, reason); },
 * });
 * ws.sendText('{"op":"subscribe"}');
 * ```
 */
export class WsConnection extends WsChannel {
  readonly #handlers: WsHandlers;
  readonly #sink: MessageSink;
  #delivering = false;
  #paused = false;
  #terminated = false;
  #closeTold = false;

  private constructor(session: WsSession, handshake: OpenHandshake, handlers: WsHandlers) {
    super(session, handshake);
    this.#handlers = handlers;
    this.#sink = new MessageSink(handlerFor(handlers, session), this);
  }

  /**
   * Connects and opens. The first messages may be delivered before the promise resolves.
   * @throws ConnectError, HandshakeError, TimeoutError (`CONNECT_TIMEOUT`, with its phase), AbortedError, UsageError
   */
  static async connect(url: string | URL, handlers: WsHandlers, options: WsOptions = {}): Promise<WsConnection> {
    return openUrl(url, wsSettings(options), (session, handshake, rest) =>
      WsConnection.#start(session, handshake, rest, handlers),
    );
  }

  /** Opens over a transport that is connected already. `url` names host and path; for `wss:` the transport must be secure. */
  static async connectWith(
    transport: Transport,
    url: string | URL,
    handlers: WsHandlers,
    options: WsOptions = {},
  ): Promise<WsConnection> {
    return openTransport(transport, url, wsSettings(options), (session, handshake, rest) =>
      WsConnection.#start(session, handshake, rest, handlers),
    );
  }

  /**
   * Accepts what a client asks for over a connected transport, as {@link WsStream.accept} does.
   * @throws HandshakeError, TimeoutError (`ACCEPT_TIMEOUT`), AbortedError, UsageError, and what `onUpgrade` throws
   */
  static async accept(transport: Transport, handlers: WsHandlers, options: AcceptOptions = {}): Promise<WsConnection> {
    return acceptTransport(transport, acceptSettings(options), (session, handshake, rest) =>
      WsConnection.#start(session, handshake, rest, handlers),
    );
  }

  /** Stops delivering after the current message; the peer's sends block once the buffers are full. */
  pause(): void {
    this.#paused = true;
    this.#sink.close();
    this.session.inbox.hold();
  }

  /** Delivers again, starting with what waits, in a microtask. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#sink.open = !this.#terminated;
    this.session.inbox.release();
    queueMicrotask(() => this.wake());
  }

  override terminate(): void {
    this.#terminated = true;
    this.#sink.close();
    super.terminate();
  }

  /** @internal */
  protected override wake(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    const count = this.#deliver();
    if (count > 0) this.#tell("batch", count);
    this.#delivering = false;
    if (this.#paused) this.session.scheduleLookAhead();
    this.#tellEnd();
    if (this.session.state === "ended") this.settleEnd();
  }

  /** @internal */
  protected override room(): void {
    super.room();
    if (this.state === "open") this.#tell("drain");
  }

  /** Delivers what can be read and returns how many messages that were. A throw in the handler costs nothing but itself. */
  #deliver(): number {
    const sink = this.#sink;
    sink.count = 0;
    for (;;) {
      try {
        if (!this.#paused) this.session.deliver(sink);
        return sink.count;
      } catch (error) {
        this.#report(error);
      }
    }
  }

  #tellEnd(): void {
    const { end } = this.session;
    if (end === null || this.#closeTold || (this.#paused && this.session.unread)) return;
    this.#closeTold = true;
    if (end.error !== null) this.#report(end.error);
    this.#tell("close", end.code, end.reason);
    this.session.releaseMemory();
  }

  #tell(event: "batch", count: number): void;
  #tell(event: "drain"): void;
  #tell(event: "close", code: number, reason: string): void;
  #tell(event: "batch" | "drain" | "close", ...details: readonly unknown[]): void {
    try {
      (this.#handlers[event] as ((ws: WsConnection, ...details: readonly unknown[]) => void) | undefined)?.call(
        this.#handlers,
        this,
        ...details,
      );
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    try {
      if (this.#handlers.error === undefined) console.error(error);
      else this.#handlers.error(this, error);
    } catch (second) {
      console.error(second);
    }
  }

  static #start(session: WsSession, handshake: OpenHandshake, rest: Uint8Array, handlers: WsHandlers): WsConnection {
    const ws = new WsConnection(session, handshake, handlers);
    ws.start(rest, ws.#sink);
    return ws;
  }
}
