import { addressOf } from "../ffi/spin-calls.ts";

/** Memory to receive into, and where it lies. */
export interface SpinMemory {
  readonly bytes: Uint8Array;
  readonly address: number;
}

/** Fresh memory of `length` bytes. */
export function scratchMemory(length: number): SpinMemory {
  return memoryAt(new Uint8Array(new ArrayBuffer(length)));
}

/** Memory that is there already. */
export function memoryAt(bytes: Uint8Array): SpinMemory {
  return { bytes, address: addressOf(bytes) };
}
