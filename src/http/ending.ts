import type { Transport } from "../socket/transport.ts";

/** FIN, then the peer's FIN; cut where that does not come. */
export function endInOrder(transport: Transport): void {
  transport.shutdown();
  setTimeout(() => transport.terminate(), LINGER).unref();
}

/** Milliseconds that the peer has to answer our FIN. */
const LINGER = 1_000;
