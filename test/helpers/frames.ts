import { joined } from "./bytes.ts";

/** A frame as the wire has it, right or wrong: built from RFC 6455 section 5.2 alone, with nothing of the codec. */
export interface FrameShape {
  readonly opcode: number;
  readonly payload?: Uint8Array;
  /** Default true. */
  readonly fin?: boolean;
  /** Of 0x70. Default none. */
  readonly reserved?: number;
  /** The four bytes of the masking key; without it the frame is not masked. */
  readonly key?: Uint8Array | null;
  /** Bytes of the extended length: 0, 2 or 8. Default: the shortest that does. */
  readonly lengthBytes?: number;
  /** The length that the header tells. Default: the payload's. */
  readonly announced?: bigint;
}

export function frameBytes(shape: FrameShape): Uint8Array<ArrayBuffer> {
  const payload = shape.payload ?? new Uint8Array(0);
  return joined([headerBytes(shape), shape.key ? masked(payload, shape.key) : payload]);
}

/** One message in as many frames as there are payloads: the first says what it is, the last has FIN. */
export function fragments(
  opcode: number,
  payloads: readonly Uint8Array[],
  key: Uint8Array | null = null,
): Uint8Array[] {
  return payloads.map((payload, at) =>
    frameBytes({ opcode: at === 0 ? opcode : 0, payload, fin: at === payloads.length - 1, key }),
  );
}

function headerBytes(shape: FrameShape): Uint8Array {
  const length = shape.announced ?? BigInt(shape.payload?.length ?? 0);
  const extended = shape.lengthBytes ?? (length < 126n ? 0 : length < 65536n ? 2 : 8);
  const header = new Uint8Array(2 + extended);
  const view = new DataView(header.buffer);
  view.setUint8(0, ((shape.fin ?? true) ? 0x80 : 0) | (shape.reserved ?? 0) | shape.opcode);
  view.setUint8(1, (shape.key ? 0x80 : 0) | (extended === 0 ? Number(length) : extended === 2 ? 126 : 127));
  if (extended === 2) view.setUint16(2, Number(length));
  if (extended === 8) view.setBigUint64(2, length);
  return joined([header, shape.key ?? new Uint8Array(0)]);
}

function masked(payload: Uint8Array, key: Uint8Array): Uint8Array {
  return payload.map((byte, at) => byte ^ (key[at % 4] ?? 0));
}
