import { UsageError } from "../codec/errors.ts";
import type { SpinTransport } from "./spin-transport.ts";

/** How a thread waits for bytes. */
export interface SpinWaitOptions {
  /**
   * - `"spin"`: asks the kernel again and again. The least latency, and a core of its own at 100 %.
   * - `"poll"`: sleeps in `poll(2)`. Costs a wake-up per wait, some 5 to 50 µs.
   * - `"spin-then-poll"`: spins for `spinFor`, then sleeps.
   *
   * Default `"spin-then-poll"`.
   */
  readonly wait?: SpinWaitMode;
  /** Microseconds that are spun before the thread sleeps. Default 50. */
  readonly spinFor?: number;
  /**
   * Most bytes that one `recv(2)` takes. Default 256 KiB, the standard ring. Smaller ones bound how long a burst keeps its first message
   * waiting, and other streams of a `SpinLoop`, and cost: with 64 KiB a message of 40 bytes takes a third longer in a flood.
   */
  readonly maxReadSize?: number;
}

/** What a connection of a spinning thread has beside those of the event backend. */
export interface SpinOptions extends SpinWaitOptions {
  /**
   * The kernel stamps what it receives: `kernelReceivedAt` (SO_TIMESTAMPNS). Default false. Costs `recvmsg(2)` in place of `recv(2)`, some
   * 100 ns a read. Linux only; elsewhere it is a SocketOptionError.
   */
  readonly timestamps?: boolean;
}

/** How a thread waits: the values of {@link SpinWaitOptions.wait}. */
export type SpinWaitMode = "spin" | "poll" | "spin-then-poll";

/** {@link SpinWaitOptions}, checked and complete. */
export interface SpinWaitSettings {
  /** Milliseconds; Infinity for ever. */
  readonly spinFor: number;
  readonly maxReadSize: number;
  readonly timestamps: boolean;
}

/** @throws UsageError `OPTION_OUT_OF_RANGE` */
export function spinWaitSettings(options: SpinOptions): SpinWaitSettings {
  const { wait = "spin-then-poll", spinFor = 50, maxReadSize = 256 << 10 } = options;
  if (!MODES.includes(wait)) throw outOfRange("wait", wait, MODES.join(", "));
  if (!(spinFor >= 0 && spinFor <= MAX_SPIN)) throw outOfRange("spinFor", spinFor, `0 to ${MAX_SPIN} microseconds`);
  if (!(Number.isInteger(maxReadSize) && maxReadSize >= 1 && maxReadSize <= LARGEST)) {
    throw outOfRange("maxReadSize", maxReadSize, `an integer from 1 to ${LARGEST}`);
  }
  return {
    spinFor: wait === "spin" ? Number.POSITIVE_INFINITY : wait === "poll" ? 0 : spinFor / 1000,
    maxReadSize,
    timestamps: options.timestamps === true,
  };
}

/** Checks how long a call may take, in milliseconds, and returns when it has to be over on the clock of `performance.now()`. */
export function deadlineIn(timeout: number | undefined): number {
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  if (timeout >= 0 && timeout <= MAX_TIMEOUT) return performance.now() + timeout;
  throw outOfRange("timeout", timeout, `0 to ${MAX_TIMEOUT} ms`);
}

/**
 * One wait after another: {@link begin}, then {@link rest} as long as nothing has come. The clock is read every few turns of a spin and after
 * every sleep, and each time it has, `rest` is true: the time for whatever depends on it.
 */
export class SpinWait {
  /** When the clock was read last. */
  now = 0;
  readonly #spinFor: number;
  #until = 0;
  #turns = 0;

  constructor(settings: SpinWaitSettings) {
    this.#spinFor = settings.spinFor;
  }

  begin(): void {
    this.#turns = 0;
    this.#until = -1;
  }

  /** Lets a little time go by, or sleeps until bytes come, or room where `write` is set, or `deadline`; true where {@link now} is new. */
  rest(transport: Pick<SpinTransport, "wait">, write: boolean, deadline: number): boolean {
    // What is awaited most often is there at the second look.
    if ((++this.#turns & TURNS_PER_LOOK) !== 0 && this.#spinFor > 0) return false;
    this.now = performance.now();
    if (this.#until < 0) this.#until = this.now + this.#spinFor;
    if (this.now < this.#until) return true;
    const left = deadline - this.now;
    transport.wait(write, left >= LONGEST_SLEEP ? LONGEST_SLEEP : left <= 0 ? 0 : Math.ceil(left));
    this.now = performance.now();
    return true;
  }
}

function outOfRange(name: string, value: unknown, expected: string): UsageError {
  return new UsageError("OPTION_OUT_OF_RANGE", `Cannot use ${name}: it is ${String(value)}, not ${expected}`);
}

const MODES: readonly string[] = ["spin", "poll", "spin-then-poll"];
/** The clock costs a fifth of a call to the kernel: every eighth turn it is not to be seen. */
const TURNS_PER_LOOK = 7;
/** Milliseconds. A thread that is being ended, or whose program waits for a signal, is not to sleep longer. */
const LONGEST_SLEEP = 50;
/** A second, in microseconds. */
const MAX_SPIN = 1_000_000;
const MAX_TIMEOUT = 0x7fffffff;
const LARGEST = 1 << 30;
