import type { Libc } from "../ffi/libc.ts";

/** The address and port of a `sockaddr` of `length` bytes; empty where it is none of TCP's. */
export function readAddress(
  library: Libc,
  bytes: Uint8Array,
  length: number,
): { readonly address: string; readonly port: number } {
  const { AF_INET, AF_INET6, ADDRESS_HAS_LENGTH } = library.constants;
  if (length < 16) return { address: "", port: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const family = ADDRESS_HAS_LENGTH ? view.getUint8(1) : view.getUint16(0, true);
  const port = view.getUint16(2);
  if (family === AF_INET) return { address: bytes.subarray(4, 8).join("."), port };
  if (family !== AF_INET6 || length < 24) return { address: "", port: 0 };
  const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(8 + 2 * at));
  return { address: shortened(groups), port };
}

/** RFC 5952 section 4: the longest run of two or more zero groups, the first of several, is `::`. */
function shortened(groups: readonly number[]): string {
  let from = -1;
  let length = 1;
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > length) {
      from = at;
      length = end - at;
    }
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  return from < 0 ? text(groups) : `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`;
}
