import { type SpinMemory, scratchMemory } from "../socket/spin-memory.ts";
import type { SpinTransport } from "../socket/spin-transport.ts";

/** Takes what a peer still sends and nobody will read, so that its end is reached. */
export class SpinRefuse {
  #memory: SpinMemory | null = null;

  /** Drops what has come, a bounded part of it at a time; false once nothing more will come. */
  drop(transport: SpinTransport): boolean {
    this.#memory ??= scratchMemory(SIZE);
    const { address } = this.#memory;
    let count = transport.receive(address, SIZE);
    for (let turns = 0; count > 0 && turns < MOST_READS; turns++) count = transport.receive(address, SIZE);
    return count >= 0;
  }
}

/** Calls of the kernel in a row: what brings no message, however much of it comes, holds up no deadline. */
export const MOST_READS = 16;
/** Bytes a call. */
const SIZE = 16 << 10;
