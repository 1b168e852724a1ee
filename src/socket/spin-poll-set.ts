import { UsageError } from "../codec/errors.ts";
import { spinCalls } from "../ffi/spin-calls.ts";
import { Epoll } from "../ffi/spin-epoll.ts";
import { forgetDescriptor, keepDescriptor } from "./spin-descriptor.ts";
import type { SpinTransport } from "./spin-transport.ts";

/** Several transports that are waited for at once. */
export class SpinPollSet {
  readonly #epoll: Epoll;
  #count = 0;

  /** @throws UsageError (`SPIN_UNSUPPORTED`) where there is no epoll */
  constructor(transports: readonly SpinTransport[]) {
    const calls = spinCalls();
    const epoll = calls === null ? null : Epoll.open(calls, Math.max(1, transports.length));
    if (epoll === null) {
      throw new UsageError(
        "SPIN_UNSUPPORTED",
        `Cannot poll several streams: ${process.platform} has no epoll, or no room`,
      );
    }
    keepDescriptor(epoll.fd);
    this.#epoll = epoll;
    for (const [index, { fd }] of transports.entries()) if (fd >= 0) epoll.add(fd, index);
  }

  /** Waits, at most `timeout` whole milliseconds; then {@link mark} says which have bytes. */
  wait(_write: boolean, timeout: number): void {
    this.#count = Math.max(0, this.#epoll.wait(timeout));
  }

  /** Sets the entries of those that have bytes, or have ended. */
  mark(ready: Uint8Array): void {
    for (let event = 0; event < this.#count; event++) ready[this.#epoll.tag(event)] = 1;
    this.#count = 0;
  }

  close(): void {
    forgetDescriptor(this.#epoll.fd);
    this.#epoll.close();
  }
}
