import { TimeoutError } from "../codec/errors.ts";

/** Time ran out in a phase of connecting. */
export function timedOut(where: string, timeout: number, phase: string): TimeoutError {
  const message = `Cannot connect to ${where}: ${timeout} ms ran out during ${phase}`;
  return new TimeoutError("CONNECT_TIMEOUT", message, timeout, phase);
}
