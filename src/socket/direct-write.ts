import type { Socket } from "bun";
import { libc } from "../ffi/libc.ts";

/** True where there is no TLS of any kind on the socket, a proxy's neither: its descriptor carries what is read and written. */
export function isPlain(socket: Socket<unknown> | null): boolean {
  // Null without TLS, whatever the types say.
  return socket !== null && (socket.getTLSVersion() as string | null) === null;
}

/**
 * Offers `bytes[offset, offset + length)` of a plain socket to the kernel past Bun, whose own `write` takes some hundred nanoseconds more, and
 * returns what Bun's would.
 *
 * Bet: the kernel takes all of it. What it leaves goes to Bun's `write`, which waits for room, or finds out why there is none.
 */
export function writeDirectly(
  socket: Socket<unknown> | null,
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  if (socket === null) return -1;
  // A closed socket says -1: its former number may be another's by now.
  const fd = (socket as { readonly fd?: number }).fd ?? -1;
  const library = libc();
  // What is out of bounds is Bun's to cut.
  const sent =
    library === null || fd < 0 || offset < 0 || length <= 0 || offset + length > bytes.length
      ? 0
      : library.send(fd, bytes, offset, length);
  if (sent === length) return length;
  if (sent <= 0) return socket.write(bytes, offset, length);
  return sent + Math.max(0, socket.write(bytes, offset + sent, length - sent));
}
