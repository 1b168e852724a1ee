import { describe, expect, test } from "bun:test";
import { FrameReader } from "../../../src/codec/ws/frame-reader.ts";
import type { Message, OwnedMessage } from "../../../src/codec/ws/message.ts";
import { hex, hexOf, joined, utf8 } from "../../helpers/bytes.ts";
import { fragments, frameBytes } from "../../helpers/frames.ts";

const CLOSE = joined([hex("0fa1"), utf8("tschüß")]);

describe.each([
  { kind: "borrowed", debug: false },
  { kind: "checked", debug: true },
])("a $kind message", ({ debug }) => {
  test("of each kind: what it says of itself", () => {
    const cases: readonly (readonly [opcode: number, payload: Uint8Array, facts: Partial<Message>])[] = [
      [1, utf8("héllo"), { kind: "text", length: 6, isControl: false, closeCode: 1005, closeReason: "" }],
      [2, hex("0fa100"), { kind: "binary", length: 3, isControl: false, closeCode: 1005, closeReason: "" }],
      [9, hex("0fa1"), { kind: "ping", length: 2, isControl: true, closeCode: 1005, closeReason: "" }],
      [10, hex(""), { kind: "pong", length: 0, isControl: true, closeCode: 1005, closeReason: "" }],
      [8, CLOSE, { kind: "close", length: 10, isControl: true, closeCode: 4001, closeReason: "tschüß" }],
      [8, hex(""), { kind: "close", length: 0, isControl: true, closeCode: 1005, closeReason: "" }],
      [8, hex("03e8"), { kind: "close", length: 2, isControl: true, closeCode: 1000, closeReason: "" }],
    ];
    for (const [opcode, payload, facts] of cases) {
      const message = lent(frameBytes({ opcode, payload }), debug);
      const { kind, length, isControl, closeCode, closeReason } = message;
      expect({ kind, length, isControl, closeCode, closeReason }).toEqual(facts as Required<typeof facts>);
      expect(hexOf(message.bytes())).toBe(hexOf(payload));
      expect(message.end - message.start).toBe(payload.length);
      expect(hexOf(message.buffer.subarray(message.start, message.end))).toBe(hexOf(payload));
    }
  });

  test("bytes() is a view of the reader's memory, no copy", () => {
    const message = lent(frameBytes({ opcode: 2, payload: hex("010203") }), debug);
    const view = message.bytes();
    expect(view.buffer).toBe(message.buffer.buffer);
    view[0] = 9;
    expect(hexOf(message.bytes())).toBe("090203");
  });

  test("text() decodes ASCII, UTF-8, a byte order mark, nothing, and what came in fragments", () => {
    for (const text of ["plain", "", "\ufeffmark", "ä€\u{1f600}", `${"x".repeat(200)}ä`, "\u0000"]) {
      expect(lent(frameBytes({ opcode: 1, payload: utf8(text) }), debug).text()).toBe(text);
      const bytes = utf8(text);
      for (const cut of [0, 1, bytes.length >> 1, bytes.length]) {
        const parts = fragments(1, [bytes.subarray(0, cut), bytes.subarray(cut)]);
        expect(lent(joined(parts), debug).text()).toBe(text);
      }
    }
  });

  test("text() of a binary message decodes it as UTF-8, bad bytes as U+FFFD", () => {
    expect(lent(frameBytes({ opcode: 2, payload: utf8("ä") }), debug).text()).toBe("ä");
    expect(lent(frameBytes({ opcode: 2, payload: hex("61ff") }), debug).text()).toBe("a\ufffd");
  });

  test("a text that is not ASCII is not read as the ASCII one before it", () => {
    const reader = new FrameReader({ role: "client", debug });
    reader.read(joined(["abc", "äbc", "abc", "€"].map((text) => frameBytes({ opcode: 1, payload: utf8(text) }))));
    const texts = [reader.next()?.text(), reader.next()?.text(), reader.next()?.text(), reader.next()?.text()];
    expect(texts).toEqual(["abc", "äbc", "abc", "€"]);
  });

  test("json() parses, and throws as JSON.parse does", () => {
    const message = lent(frameBytes({ opcode: 1, payload: utf8('{"bid":"1.5","ask":[1,2]}') }), debug);
    expect(message.json()).toEqual({ bid: "1.5", ask: [1, 2] });
    expect(() => lent(frameBytes({ opcode: 1, payload: utf8("{") }), debug).json()).toThrow(SyntaxError);
  });

  test("toOwned() is a copy that outlives it", () => {
    const cases: readonly (readonly [frame: Uint8Array, owned: OwnedMessage])[] = [
      [frameBytes({ opcode: 1, payload: utf8("ä") }), { kind: "text", text: "ä" }],
      [frameBytes({ opcode: 2, payload: hex("0102") }), { kind: "binary", bytes: hex("0102") }],
      [frameBytes({ opcode: 9, payload: hex("03") }), { kind: "ping", bytes: hex("03") }],
      [frameBytes({ opcode: 10 }), { kind: "pong", bytes: hex("") }],
      [frameBytes({ opcode: 8, payload: CLOSE }), { kind: "close", code: 4001, reason: "tschüß" }],
      [frameBytes({ opcode: 8 }), { kind: "close", code: 1005, reason: "" }],
      [joined(fragments(2, [hex("01"), hex("02")])), { kind: "binary", bytes: hex("0102") }],
    ];
    for (const [frame, expected] of cases) {
      const reader = new FrameReader({ role: "client", bufferCapacity: 256, debug });
      reader.read(frame);
      const owned = reader.next()!.toOwned();
      reader.next();
      reader.reset();
      reader.read(new Uint8Array(256).fill(0xee));
      expect(owned).toEqual(expected);
      if ("bytes" in owned) expect(owned.bytes.byteLength).toBe(owned.bytes.buffer.byteLength);
    }
  });
});

function lent(stream: Uint8Array, debug: boolean): Message {
  const reader = new FrameReader({ role: "client", debug });
  reader.read(stream);
  return reader.next()!;
}
