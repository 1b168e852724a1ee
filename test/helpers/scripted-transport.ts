import type { Transport, TransportHandler } from "../../src/socket/transport.ts";
import { joined } from "./bytes.ts";

/** What a {@link ScriptedTransport} was told to do, in order. */
export type TransportCall = "pause" | "resume" | "shutdown" | "terminate";

/**
 * A transport that does what a test says: how much each write takes, when there is room, what arrives and how it ends. Nothing happens
 * by itself.
 */
export class ScriptedTransport implements Transport {
  handler: TransportHandler | null = null;
  closed = false;
  secure = false;
  /** Bytes that the coming writes take, one a write; then {@link room}. */
  readonly takes: number[] = [];
  /** Bytes that a write takes once `takes` is empty. */
  room: number = Number.POSITIVE_INFINITY;
  /** What each write took, empty ones included. */
  readonly writes: Uint8Array[] = [];
  readonly calls: TransportCall[] = [];

  attach(handler: TransportHandler): void {
    this.handler = handler;
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    if (this.closed) return -1;
    const taken = Math.min(length, this.takes.shift() ?? this.room);
    this.writes.push(bytes.slice(offset, offset + taken));
    return taken;
  }

  /** Whoever looks at the chunk again finds nothing. */
  reclaim(chunk: Uint8Array): void {
    if (chunk.length === chunk.buffer.byteLength) (chunk.buffer as ArrayBuffer).transfer(0);
  }

  pause(): void {
    this.calls.push("pause");
  }

  resume(): void {
    this.calls.push("resume");
  }

  shutdown(): void {
    this.calls.push("shutdown");
  }

  terminate(): void {
    this.calls.push("terminate");
    this.close(null);
  }

  socketInfo(): null {
    return null;
  }

  /** All that was taken. */
  get written(): Uint8Array {
    return joined(this.writes);
  }

  /** Takes what was written so far off the record and returns it. */
  takeWritten(): Uint8Array {
    const written = this.written;
    this.writes.length = 0;
    return written;
  }

  /** Each chunk is a copy, which is the receiver's. */
  deliver(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.handler?.onBytes(new Uint8Array(chunk));
  }

  drain(): void {
    this.handler?.onDrain();
  }

  end(): void {
    this.handler?.onEnd();
  }

  close(error: Error | null): void {
    if (this.closed) return;
    this.closed = true;
    this.handler?.onClose(error);
  }
}
