import type { FrameReader } from "../../src/codec/ws/frame-reader.ts";
import type { Message } from "../../src/codec/ws/message.ts";
import { hexOf, utf8 } from "./bytes.ts";

/**
 * What a decoder said, as lines that can be compared and read: `text "Hello"`, `binary 00ff`, `ping 01`, `close 1000 "bye"`,
 * and last `fail WS_RESERVED_BITS`. Long payloads are shown as their length and a hash.
 */
export function eventOf(message: Message): string {
  const bytes = message.bytes();
  if (message.length !== bytes.length) throw new Error(`length is ${message.length}, bytes().length ${bytes.length}`);
  switch (message.kind) {
    case "text": {
      const text = message.text();
      if (Buffer.compare(utf8(text), bytes) !== 0) throw new Error(`text() is not what came: ${hexOf(bytes)}`);
      return textEvent(text);
    }
    case "close":
      return closeEvent(message.closeCode, message.closeReason);
    default:
      return bytesEvent(message.kind, bytes);
  }
}

export function textEvent(text: string): string {
  return text.length <= LONGEST_SHOWN ? `text ${JSON.stringify(text)}` : `text ${digest(utf8(text))}`;
}

export function bytesEvent(kind: "binary" | "ping" | "pong", bytes: Uint8Array): string {
  return `${kind} ${bytes.length <= LONGEST_SHOWN ? hexOf(bytes) : digest(bytes)}`.trimEnd();
}

export function closeEvent(code: number, reason: string): string {
  return `close ${code} ${JSON.stringify(reason)}`;
}

/** The line a failed reader adds, or none. */
export function failureEvents(reader: FrameReader): string[] {
  return reader.failure === null ? [] : [`fail ${reader.failure.code}`];
}

function digest(bytes: Uint8Array): string {
  return `of ${bytes.length} bytes, hash ${Bun.hash(bytes).toString(16)}`;
}

const LONGEST_SHOWN = 64;
