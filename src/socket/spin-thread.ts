import { UsageError } from "../codec/errors.ts";
import { errorName } from "../ffi/constants.ts";
import { spinCalls } from "../ffi/spin-calls.ts";
import { MOST_CPUS, pinCallingThread } from "../ffi/spin-thread.ts";

/**
 * Lets the thread that calls it run on one CPU alone (sched_setaffinity). Call it first thing in the Worker that spins; threads that it starts
 * afterwards inherit it. Keep others away from that CPU: `isolcpus`, or cpusets.
 *
 * @throws UsageError `OPTION_OUT_OF_RANGE`; `SPIN_PIN_REFUSED` where the machine has no such CPU, or this process may not use it;
 * `SPIN_UNSUPPORTED` where there is no such call (macOS)
 */
export function pinThread(cpu: number): void {
  if (!Number.isInteger(cpu) || cpu < 0 || cpu >= MOST_CPUS) {
    throw new UsageError(
      "OPTION_OUT_OF_RANGE",
      `Cannot pin thread: CPU ${cpu} is not an integer from 0 to ${MOST_CPUS - 1}`,
    );
  }
  const calls = spinCalls();
  const result = calls === null ? null : pinCallingThread(calls, cpu);
  if (result === 0) return;
  if (result !== null) {
    throw new UsageError(
      "SPIN_PIN_REFUSED",
      `Cannot pin thread: the kernel refused CPU ${cpu} (${errorName(-result)})`,
    );
  }
  throw new UsageError(
    "SPIN_UNSUPPORTED",
    `Cannot pin thread: ${process.platform} ${process.arch} has no way to do it`,
  );
}
