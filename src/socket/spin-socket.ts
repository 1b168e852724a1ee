import { addressOf, type SpinCalls } from "../ffi/spin-calls.ts";
import type { StampedReceive } from "../ffi/spin-stamps.ts";
import { type TransportError, transportErrorFrom } from "./errors.ts";
import { type Endpoints, readSocketInfo, type SocketInfo } from "./socket-info.ts";
import { forgetDescriptor, keepDescriptor } from "./spin-descriptor.ts";
import type { SpinTransport } from "./spin-transport.ts";
import { SystemError } from "./system-error.ts";

/** A connected, non-blocking TCP descriptor of our own, without an event loop. */
export class SpinSocket implements SpinTransport {
  /** Why the connection broke. */
  fault: TransportError | null = null;
  fd: number;
  readonly owes = false;
  readonly holds = false;
  readonly secure = false;
  readonly tls = null;
  readonly #calls: SpinCalls;
  readonly #endpoints: Endpoints;
  readonly #again: number;
  readonly #interrupted: number;
  /** Of the bytes that were written last; a buffer that is written from again is not asked for again. */
  #source: Uint8Array | null = null;
  #sourceAddress = 0;

  /** Set where what comes is stamped. */
  readonly #stamped: StampedReceive | null;

  constructor(calls: SpinCalls, fd: number, endpoints: Endpoints, stamped: StampedReceive | null = null) {
    this.#stamped = stamped;
    this.#calls = calls;
    this.fd = fd;
    keepDescriptor(fd);
    this.#endpoints = endpoints;
    this.#again = -calls.constants.EAGAIN;
    this.#interrupted = -calls.library.constants.EINTR;
  }

  receive(address: number, room: number): number {
    const stamped = this.#stamped;
    const count =
      stamped === null ? this.#calls.receive(this.fd, address, room) : stamped.receive(this.fd, address, room);
    if (count > 0) return count;
    if (count === 0) return -1;
    if (count === this.#again || count === this.#interrupted) return 0;
    this.#fail("recv", -count);
    return -1;
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    if (this.fd < 0) return -1;
    if (this.#source !== bytes) {
      this.#source = bytes;
      this.#sourceAddress = addressOf(bytes);
    }
    const count = this.#calls.send(this.fd, this.#sourceAddress + offset, length);
    if (count >= 0) return count;
    if (count === this.#again || count === this.#interrupted) return 0;
    this.#fail("send", -count);
    return -1;
  }

  flush(): void {}

  wait(write: boolean, timeout: number): void {
    if (this.fd >= 0) this.#calls.wait(this.fd, write, timeout);
  }

  shutdown(): void {
    if (this.fd >= 0) this.#calls.shutdown(this.fd);
  }

  terminate(): void {
    const fd = this.#leave();
    if (fd >= 0) this.#calls.reset(fd);
  }

  close(): void {
    const fd = this.#leave();
    if (fd >= 0) this.#calls.library.close(fd);
  }

  get receivedAt(): bigint | null {
    return this.#stamped === null ? null : this.#stamped.stamp;
  }

  get closed(): boolean {
    return this.fd < 0;
  }

  socketInfo(): SocketInfo | null {
    return this.fd < 0 ? null : readSocketInfo(this.fd, this.#endpoints);
  }

  /** Lets go of the descriptor, which is to be closed then: once that is done its number may be another's. */
  #leave(): number {
    const { fd } = this;
    forgetDescriptor(fd);
    this.fd = -1;
    this.#source = null;
    return fd;
  }

  /** The kernel tells a reset once, be it to a write: what it says first stays. */
  #fail(call: string, errno: number): void {
    this.fault ??= transportErrorFrom(new SystemError(call, errno));
  }
}
