import type { SocketInfo } from "./socket-info.ts";

/**
 * What a connection is told by the transport under it. Every call may come in every state, in any order but this one:
 * `onBytes` never follows `onEnd`, and `onClose` comes once and last. One that throws ends the connection, with
 * `CONNECTION_HANDLER_THREW` as the error of `onClose`; what is thrown once it is gone goes to the console.
 */
export interface TransportHandler {
  /** Bytes in the order they were sent. The receiver owns `chunk`: it may keep it and read it later. */
  onBytes(chunk: Uint8Array): void;
  /** There is room to write again. It can come without a refused write before it. */
  onDrain(): void;
  /**
   * The peer's FIN: no byte follows. Writing may still be possible, and the transport stays open until its owner calls
   * `shutdown` or `terminate`. Over TLS a FIN without close_notify looks the same: what is above must know its own end.
   */
  onEnd(): void;
  /**
   * The transport is gone. `error` says why (a reset, a TLS fault), or is null after an orderly end, which `onEnd` came
   * before, and after `terminate` of this end, from within which it comes.
   */
  onClose(error: Error | null): void;
}

/**
 * A connected, ordered, reliable byte stream: a TCP socket, a TLS socket past its verification, or one half of
 * {@link memoryPair}. Everything above this interface is the same whatever stands below it.
 */
export interface Transport {
  /**
   * Names the receiver. What arrived before (bytes, FIN, close) is handed over before `attach` returns.
   * A second call replaces the receiver, as a proxy's or an upgrade's does; nothing is delivered twice.
   */
  attach(handler: TransportHandler): void;
  /**
   * Offers `bytes[offset, offset + length)` and returns how many were taken, 0 to `length`, or −1 once closed or shut down.
   * Nothing is kept of the rest: offer it again after `onDrain`.
   */
  write(bytes: Uint8Array, offset: number, length: number): number;
  /**
   * Gives a chunk that `onBytes` brought back at once, where the garbage collector would find it later: neither it nor a view of its memory
   * is looked at any more. A transport whose chunks are not its own to give back has no such method.
   */
  reclaim?(chunk: Uint8Array): void;
  /** Stops reading: the peer's sends block once the kernel's buffers are full. `onBytes` can still come from what was read. */
  pause(): void;
  resume(): void;
  /** Sends FIN after what was taken; reading goes on. */
  shutdown(): void;
  /** Cuts the connection at once (RST where there is one). `onClose` comes before this returns, if a handler is attached. */
  terminate(): void;
  /** True once `onClose` was or is due: no write will be taken. */
  readonly closed: boolean;
  /** True when the bytes travel over TLS whose peer was verified as configured. */
  readonly secure: boolean;
  /** The options in force, as read back from the kernel, and TCP_INFO; null where there is no socket. */
  socketInfo(): SocketInfo | null;
}
