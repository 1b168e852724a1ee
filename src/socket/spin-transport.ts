import type { SocketInfo } from "./socket-info.ts";

/** What TLS settled. */
export interface SpinTlsFacts {
  /** `TLSv1.3` */
  readonly version: string;
  /** What ALPN agreed on (RFC 7301); null where it did not. */
  readonly alpnProtocol: string | null;
  /** True where TLS took up an earlier session, which spares a round of certificates. */
  readonly sessionReused: boolean;
}

/**
 * A connected byte stream that is asked, and answers at once: what stands below a spin stream. It belongs to the thread that made it.
 * Memory is named by its address, so that nothing is allocated for a call.
 */
export interface SpinTransport {
  /**
   * Fills the memory at `address` with at most `room` bytes, more than 0, and returns how many that were: 0 where none have come, −1 once
   * none will. {@link fault} then says why, null after the peer's FIN.
   */
  receive(address: number, room: number): number;
  /** Offers `bytes[offset, offset + length)`: how many were taken, −1 once closed or shut down. The rest is to be offered again. */
  write(bytes: Uint8Array, offset: number, length: number): number;
  /** Bytes have come that neither the kernel nor the caller has: TLS keeps some. */
  readonly holds: boolean;
  /** When the kernel had the last of what was received last, in nanoseconds since 1970; null where it does not stamp. */
  readonly receivedAt: bigint | null;
  /** Something that {@link write} took has not left yet: {@link flush} sends it once there is room. */
  readonly owes: boolean;
  flush(): void;
  /** Waits at most `timeout` whole milliseconds for bytes, or for room where `write` is set or something is owed. A signal ends the wait, too. */
  wait(write: boolean, timeout: number): void;
  /** Sends FIN after what was taken; reading goes on. */
  shutdown(): void;
  /** Cuts the connection, with RST, and gives the descriptor back. */
  terminate(): void;
  /** Gives the descriptor back after an orderly end. */
  close(): void;
  /** −1 once closed. */
  readonly fd: number;
  readonly closed: boolean;
  readonly secure: boolean;
  /** What TLS settled; null without it, and once closed. */
  readonly tls: SpinTlsFacts | null;
  readonly fault: Error | null;
  socketInfo(): SocketInfo | null;
}
