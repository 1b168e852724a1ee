import type { Socket } from "bun";
import { WriteBuffer } from "../../src/codec/mod.ts";
import type { FaultPlan } from "./faults.ts";

/** The sending half of a connection: what waits in `out` goes to the socket, in the portions the faults ask for. */
export class Wire {
  /** Where frames are encoded; {@link flush} sends them. */
  readonly out: WriteBuffer = new WriteBuffer(64 << 10);
  readonly #socket: Socket<unknown>;
  readonly #coalesceBytes: number;
  #splitBytes: number;
  #drip: ReturnType<typeof setImmediate> | null = null;
  #holding: ReturnType<typeof setTimeout> | null = null;
  #finishing: ReturnType<typeof setTimeout> | null = null;
  #isEnded = false;

  constructor(socket: Socket<unknown>, faults: FaultPlan) {
    this.#socket = socket;
    this.#splitBytes = faults.splitBytes;
    this.#coalesceBytes = faults.coalesceBytes;
  }

  /** Sends what waits, now or when the faults let it; called again by every drain. */
  flush(): void {
    if (this.#isEnded || this.#drip !== null) return;
    if (this.#splitBytes > 0) this.#writeByte();
    else if (this.out.length >= this.#coalesceBytes || this.#finishing !== null) this.#write();
    else this.#holding ??= setTimeout(() => this.#write(), HOLD_TIME);
  }

  /** Ends the connection in order: what waits is sent, then FIN; a peer that does not answer it is cut off. */
  finish(): void {
    if (this.#isEnded || this.#finishing !== null) return;
    this.#finishing = setTimeout(() => this.cut(), FINISH_TIME);
    this.flush();
    this.#endIfSent();
  }

  /** Cuts the connection with RST. */
  cut(): void {
    this.release();
    this.#socket.terminate();
  }

  /** Stops every timer: the socket is gone, or nothing more is to be sent on it. */
  release(): void {
    this.#isEnded = true;
    if (this.#drip !== null) clearImmediate(this.#drip);
    clearTimeout(this.#holding ?? undefined);
    clearTimeout(this.#finishing ?? undefined);
  }

  #write(): void {
    clearTimeout(this.#holding ?? undefined);
    this.#holding = null;
    const { out } = this;
    while (out.length > 0) {
      const taken = this.#socket.write(out.bytes, out.head, out.length);
      if (taken <= 0) return;
      out.consume(taken);
    }
    this.#endIfSent();
  }

  /** One byte a turn of the loop, so that the peer has time to read each by itself. */
  #writeByte(): void {
    this.#drip = null;
    const { out } = this;
    if (out.length > 0 && this.#socket.write(out.bytes, out.head, 1) === 1) {
      out.consume(1);
      this.#splitBytes--;
    }
    if (out.length === 0) this.#endIfSent();
    else if (this.#splitBytes > 0) this.#drip = setImmediate(() => this.#writeByte());
    else this.#write();
  }

  #endIfSent(): void {
    if (this.#finishing === null || this.out.length > 0 || this.#isEnded) return;
    // No more writes; the timer stays, for a peer that keeps its half open.
    this.#isEnded = true;
    this.#socket.shutdown();
  }
}

/** How long coalesced bytes wait at most, in milliseconds. */
const HOLD_TIME = 50;
/** How long a peer may take over the end of a connection, in milliseconds. */
const FINISH_TIME = 1_000;
