import type { Role } from "../../src/codec/ws/opcode.ts";
import { joined } from "./bytes.ts";
import { bytesEvent, closeEvent, textEvent } from "./events.ts";
import { naiveUtf8 } from "./naive-utf8.ts";

export interface ReferenceLimits {
  readonly maxFrameSize: number;
  readonly maxMessageSize: number;
}

/**
 * RFC 6455 section 5 read aloud, over a stream that is there as a whole: no ring, no resumption, copies everywhere, and nothing of
 * the codec. It says what a decoder has to say about all of `stream`, in the lines of {@link import("./events.ts")}.
 */
export function referenceEvents(stream: Uint8Array, role: Role, limits: ReferenceLimits): string[] {
  const events: string[] = [];
  /** Of the message in fragments: its opcode, 0 where there is none, and what came of it. */
  let opcodeUnderWay = 0;
  let parts: Uint8Array[] = [];
  let rest = stream;
  while (rest.length >= 2) {
    const [first = 0, second = 0] = rest;
    const fin = first >= 0x80;
    const opcode = first & 0x0f;
    const control = opcode >= 8;
    const fault = faultOfKind(first, second, role, opcodeUnderWay !== 0);
    if (fault !== null) return [...events, `fail ${fault}`];

    const field = second & 0x7f;
    const extended = field === 126 ? 2 : field === 127 ? 8 : 0;
    if (rest.length < 2 + extended) return events;
    let length = BigInt(field);
    for (const [at, byte] of rest.subarray(2, 2 + extended).entries())
      length = (at === 0 ? 0n : length * 256n) + BigInt(byte);
    if (length >= 2n ** 63n) return [...events, "fail WS_LENGTH_TOO_LARGE"];
    if ((extended === 2 && length < 126n) || (extended === 8 && length < 65536n)) {
      return [...events, "fail WS_LENGTH_NOT_MINIMAL"];
    }
    const before = parts.reduce((sum, part) => sum + part.length, 0);
    if (!control && length > limits.maxFrameSize) return [...events, "fail WS_FRAME_TOO_LARGE"];
    if (!control && length + BigInt(before) > limits.maxMessageSize) return [...events, "fail WS_MESSAGE_TOO_LARGE"];

    const headerSize = 2 + extended + (role === "server" ? 4 : 0);
    if (rest.length < headerSize) return events;
    const key = rest.subarray(2 + extended, headerSize);
    const payload = rest.slice(headerSize, headerSize + Number(length)).map((byte, at) => byte ^ (key[at % 4] ?? 0));
    const whole = payload.length === Number(length);

    const messageOpcode = opcode === 0 ? opcodeUnderWay : opcode;
    if (messageOpcode === 1) {
      const verdict = naiveUtf8(joined([...parts, payload]));
      if (verdict === "invalid" || (verdict === "incomplete" && whole && fin))
        return [...events, "fail WS_INVALID_UTF8"];
    }
    if (!whole) return events;
    rest = rest.subarray(headerSize + payload.length);

    if (control) {
      const fault = opcode === 8 ? closeFault(payload) : null;
      if (fault !== null) return [...events, `fail ${fault}`];
      if (opcode === 8) return [...events, closeOf(payload)];
      events.push(bytesEvent(opcode === 9 ? "ping" : "pong", payload));
      continue;
    }
    parts.push(payload);
    opcodeUnderWay = fin ? 0 : messageOpcode;
    if (!fin) continue;
    const message = joined(parts);
    parts = [];
    events.push(messageOpcode === 1 ? textEvent(textOf(message)) : bytesEvent("binary", message));
  }
  return events;
}

function faultOfKind(first: number, second: number, role: Role, underWay: boolean): string | null {
  const opcode = first & 0x0f;
  if ((first & 0x70) !== 0) return "WS_RESERVED_BITS";
  if (![0, 1, 2, 8, 9, 10].includes(opcode)) return "WS_RESERVED_OPCODE";
  if (role === "client" && second >= 0x80) return "WS_MASKED_FRAME";
  if (role === "server" && second < 0x80) return "WS_UNMASKED_FRAME";
  if (opcode >= 8 && first < 0x80) return "WS_CONTROL_FRAGMENTED";
  if (opcode >= 8 && (second & 0x7f) > 125) return "WS_CONTROL_TOO_LONG";
  if (opcode === 0 && !underWay) return "WS_CONTINUATION_UNEXPECTED";
  if ((opcode === 1 || opcode === 2) && underWay) return "WS_CONTINUATION_EXPECTED";
  return null;
}

function closeFault(payload: Uint8Array): string | null {
  if (payload.length === 0) return null;
  if (payload.length === 1) return "WS_CLOSE_PAYLOAD";
  const code = codeOf(payload);
  const assigned = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  if (!assigned && (code < 3000 || code > 4999)) return "WS_CLOSE_CODE";
  return naiveUtf8(payload.subarray(2)) === "valid" ? null : "WS_INVALID_UTF8";
}

function closeOf(payload: Uint8Array): string {
  return payload.length === 0 ? closeEvent(1005, "") : closeEvent(codeOf(payload), textOf(payload.subarray(2)));
}

function codeOf(payload: Uint8Array): number {
  return (payload[0] ?? 0) * 256 + (payload[1] ?? 0);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes);
}
