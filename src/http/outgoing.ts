import type { Outlet } from "./outlet.ts";

/** A request's bytes on their way to the kernel, which may take them in parts. The bytes are the caller's and are not copied. */
export class Outgoing {
  /** Bytes that the kernel took of the request in flight. */
  sent = 0;
  readonly #outlet: Outlet;
  #bytes: Uint8Array = NOTHING;
  /** #pos <= #gate <= #end */
  #pos = 0;
  #end = 0;
  /** What may go now ends here: a body waits behind it for the server's 100. */
  #gate = 0;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  /** Takes up a request that stands at `bytes[start, end)`; only what lies before `gate` goes for now. */
  begin(bytes: Uint8Array, start: number, end: number, gate: number): void {
    this.sent = 0;
    this.#bytes = bytes;
    this.#pos = start;
    this.#end = end;
    this.#gate = gate;
  }

  /** All that was taken up is with the kernel. */
  get done(): boolean {
    return this.#pos === this.#end;
  }

  /** Lets the rest go. */
  open(): void {
    this.#gate = this.#end;
  }

  /** Offers what may go. */
  pump(): void {
    const length = this.#gate - this.#pos;
    if (length <= 0) return;
    const taken = this.#outlet.write(this.#bytes, this.#pos, length);
    this.#pos += taken;
    this.sent += taken;
  }

  /** Sends no more: the bytes are the caller's again. */
  drop(): void {
    this.#bytes = NOTHING;
    this.#gate = this.#pos;
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);
