import type { Transport, TransportHandler } from "./transport.ts";

/** FIN, then the peer's FIN; cut where that does not come within a second. */
export function endInOrder(transport: Transport): void {
  transport.shutdown();
  setTimeout(() => transport.terminate(), LINGER).unref();
}

/** For a transport that nobody listens to any more: what still comes is dropped. */
export const NOBODY: TransportHandler = { onBytes() {}, onDrain() {}, onEnd() {}, onClose() {} };

/** Milliseconds that the peer has to answer our FIN. */
const LINGER = 1_000;
