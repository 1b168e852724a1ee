import { hexOf, utf8 } from "../../helpers/bytes.ts";
import type { DeflatedMessage, Frame } from "./vector.ts";

/** What a frame may have that a plain one has not. */
export type FrameOptions = Partial<Omit<Frame, "opcode" | "payload">>;

export function frame(opcode: number, payload: Payload = "", options: FrameOptions = {}): Frame {
  return { ...PLAIN, ...options, opcode, payload: bytesOf(payload) };
}

export function text(payload: Payload = "", options: FrameOptions = {}): Frame {
  return frame(1, payload, options);
}

export function binary(payload: Payload = "", options: FrameOptions = {}): Frame {
  return frame(2, payload, options);
}

export function continuation(payload: Payload = "", options: FrameOptions = {}): Frame {
  return frame(0, payload, options);
}

export function ping(payload: Payload = "", options: FrameOptions = {}): Frame {
  return frame(9, payload, options);
}

export function pong(payload: Payload = "", options: FrameOptions = {}): Frame {
  return frame(10, payload, options);
}

/** A close frame, right or wrong: without a code its payload is `reason` alone. */
export function close(code?: number, reason: Payload = "", options: FrameOptions = {}): Frame {
  const head = code === undefined ? [] : [code >> 8, code & 0xff];
  return frame(8, Uint8Array.of(...head, ...bytesOf(reason)), options);
}

/** A message in as many frames as there are payloads. */
export function inFrames(opcode: number, payloads: readonly Payload[], options: FrameOptions = {}): Frame[] {
  const last = payloads.length - 1;
  return payloads.map((payload, at) => frame(at === 0 ? opcode : 0, payload, { ...options, fin: at === last }));
}

/** A message that is compressed, in frames of `fragment` bytes; 0 for one. */
export function deflated(kind: "text" | "binary", payload: Payload, fragment = 0, level = 6): DeflatedMessage {
  return { kind, payload: bytesOf(payload), fragment, level };
}

/** `payload` cut into pieces of `size` bytes, the last one shorter. */
export function pieces(payload: Uint8Array, size: number): Uint8Array[] {
  const count = Math.max(1, Math.ceil(payload.length / size));
  return Array.from({ length: count }, (_, at) => payload.subarray(at * size, (at + 1) * size));
}

/** The line for a payload that was received; with `sent` before it for one that was sent. */
export function line(kind: "text" | "binary" | "ping" | "pong", payload: Payload = ""): string {
  const bytes = bytesOf(payload);
  if (bytes.length > LONGEST_SHOWN) return `${kind} of ${bytes.length} bytes, hash ${Bun.hash(bytes).toString(16)}`;
  return `${kind} ${kind === "text" ? JSON.stringify(decoder.decode(bytes)) : hexOf(bytes)}`.trimEnd();
}

/** A message comes and goes back. */
export function echoed(kind: "text" | "binary", payload: Payload = ""): string[] {
  const received = line(kind, payload);
  return [received, `sent ${received}`];
}

/** A ping comes and is answered. */
export function answered(payload: Payload = ""): string[] {
  return [line("ping", payload), `sent ${line("pong", payload)}`];
}

/** The connection fails, and the peer is told why. */
export function failed(closeCode: number, code: string): string[] {
  return [`failed ${closeCode} ${code}`, `sent close ${closeCode}`];
}

/** The peer's close frame comes, and its code goes back. */
export function closed(code: number, reason = ""): string[] {
  return [`close ${code} ${JSON.stringify(reason)}`, code === 1005 ? "sent close" : `sent close ${code}`];
}

/** `length` characters of ASCII that differ from their neighbours. */
export function letters(length: number): string {
  return LETTERS.repeat(Math.ceil(length / LETTERS.length)).slice(0, length);
}

/** Text is UTF-8. */
export type Payload = string | Uint8Array;

export function bytesOf(payload: Payload): Uint8Array {
  return typeof payload === "string" ? utf8(payload) : payload;
}

const PLAIN: Omit<Frame, "opcode" | "payload"> = {
  fin: true,
  reserved: 0,
  lengthBytes: null,
  announced: null,
  wrongMask: false,
  marks: [],
};

const LETTERS = "The quick brown fox jumps over the lazy dog, 1234567890 times. ";
const LONGEST_SHOWN = 64;
/** A byte order mark is a character like any other. */
const decoder: TextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
