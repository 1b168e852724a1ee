import type { Message } from "../../src/codec/ws/message.ts";
import { pattern } from "../helpers/bytes.ts";

const SIZE = 1024;
const PAYLOAD = pattern(SIZE);

/** A payload of 1 KiB that begins with its number. */
export function numbered(number: number): Uint8Array {
  const bytes = PAYLOAD.slice();
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** Throws unless it is the message of that number, whole. */
export function checkNumbered(message: Message, number: number): void {
  const { buffer, start, length } = message;
  const view = new DataView(buffer.buffer, buffer.byteOffset + start, length);
  if (length !== SIZE || view.getUint32(0) !== number) throw new Error(`message ${number} is ${view.getUint32(0)}`);
  if (Buffer.compare(buffer.subarray(start + 4, start + SIZE), PAYLOAD.subarray(4)) !== 0) {
    throw new Error(`message ${number} has other content`);
  }
}
