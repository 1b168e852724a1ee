import { describe, expect, test } from "bun:test";
import { WriteBuffer } from "../../../src/codec/write-buffer.ts";
import { CloseCode } from "../../../src/codec/ws/close-code.ts";
import { FrameReader } from "../../../src/codec/ws/frame-reader.ts";
import { FrameWriter } from "../../../src/codec/ws/frame-writer.ts";
import type { MaskKeys } from "../../../src/codec/ws/mask.ts";
import { Opcode, type Role } from "../../../src/codec/ws/opcode.ts";
import { hex, hexOf, joined, pattern, utf8 } from "../../helpers/bytes.ts";
import { bytesEvent, closeEvent, eventOf, failureEvents, textEvent } from "../../helpers/events.ts";
import { frameBytes } from "../../helpers/frames.ts";
import { referenceEvents } from "../../helpers/reference-decoder.ts";

const LIMITS = { maxFrameSize: 1 << 20, maxMessageSize: 1 << 20 };
/** Around where the header changes its size. */
const LENGTHS = [0, 1, 124, 125, 126, 127, 255, 256, 65534, 65535, 65536, 65537, 70_000];

describe("the examples of RFC 6455 section 5.7", () => {
  const masked = new FrameWriter({ role: "client", maskKeys: { next: () => 0x3d21fa37 } });
  const plain = new FrameWriter({ role: "server" });

  test("a single-frame unmasked text message", () => {
    expect(written((out) => plain.text(out, "Hello"))).toBe("810548656c6c6f");
  });

  test("a single-frame masked text message", () => {
    expect(written((out) => masked.text(out, "Hello"))).toBe("818537fa213d7f9f4d5158");
  });

  test("a fragmented unmasked text message", () => {
    const hello = written((out) => {
      plain.frame(out, Opcode.TEXT, utf8("Hel"), false);
      plain.frame(out, Opcode.CONTINUATION, utf8("lo"), true);
    });
    expect(hello).toBe("010348656c80026c6f");
  });

  test("an unmasked ping and its masked pong", () => {
    expect(written((out) => plain.ping(out, utf8("Hello")))).toBe("890548656c6c6f");
    expect(written((out) => masked.pong(out, utf8("Hello")))).toBe("8a8537fa213d7f9f4d5158");
  });

  test("256 bytes and 64 KiB of binary", () => {
    expect(written((out) => plain.binary(out, pattern(256)))).toBe(`827e0100${hexOf(pattern(256))}`);
    expect(written((out) => plain.binary(out, pattern(65536)))).toBe(`827f0000000000010000${hexOf(pattern(65536))}`);
  });
});

describe.each<{ role: Role }>([{ role: "client" }, { role: "server" }])("a $role's frames", ({ role }) => {
  test("binary of each length is read back, at each alignment of the buffer", () => {
    for (const length of LENGTHS) {
      for (let before = 0; before < 8; before++) {
        const { writer, out } = made(role, before);
        writer.binary(out, pattern(length));
        expectEvents(role, out, [bytesEvent("binary", pattern(length))], before);
      }
    }
  });

  test("ASCII text of each length is read back", () => {
    for (const length of LENGTHS) {
      const { writer, out } = made(role, length % 8);
      writer.text(out, "t".repeat(length));
      expectEvents(role, out, [textEvent("t".repeat(length))], length % 8);
    }
  });

  test("text whose bytes are more than its characters gets the header of its bytes", () => {
    for (const length of LENGTHS) {
      for (const wide of [1, 2, 3, 41, 42, 43, 62, 63, 64]) {
        for (const char of ["ä", "€", "\u{1f600}"]) {
          if (wide > length) continue;
          const text = "t".repeat(length - wide) + char.repeat(wide);
          const { writer, out } = made(role, wide % 8);
          writer.text(out, text);
          expectEvents(role, out, [textEvent(text)], wide % 8);
          expect(out.length - (wide % 8)).toBe(frameSize(role, utf8(text).length));
        }
      }
    }
  });

  test("a lone surrogate goes out as U+FFFD", () => {
    const { writer, out } = made(role);
    writer.text(out, "a\ud800b");
    writer.text(out, "\udc00");
    writer.text(out, "\ud83d\ude00");
    expectEvents(role, out, ['text "a\ufffdb"', 'text "\ufffd"', 'text "\u{1f600}"']);
  });

  test("messages, control frames and fragments in a row", () => {
    const { writer, out } = made(role);
    writer.text(out, "one");
    writer.frame(out, Opcode.BINARY, hex("01"), false);
    writer.ping(out);
    writer.frame(out, Opcode.CONTINUATION, hex("02"), true);
    writer.pong(out, hex("03"));
    writer.binary(out, hex(""));
    writer.close(out, 1000, "bye");
    expectEvents(role, out, ['text "one"', "ping", "binary 0102", "pong 03", "binary", 'close 1000 "bye"']);
  });

  test("they stand behind what waits, also where the buffer must grow for them", () => {
    const { writer, out } = made(role, 0, 16);
    for (const length of [10, 3, 200, 5000]) writer.binary(out, pattern(length));
    writer.text(out, "ä".repeat(3000));
    const events = [10, 3, 200, 5000].map((length) => bytesEvent("binary", pattern(length)));
    expectEvents(role, out, [...events, textEvent("ä".repeat(3000))]);
  });

  test("a payload is copied, not changed", () => {
    const { writer, out } = made(role);
    const payload = pattern(50);
    writer.binary(out, payload);
    writer.ping(out, payload);
    expect(hexOf(payload)).toBe(hexOf(pattern(50)));
  });

  test("header alone: the payload that follows is masked with the key it returns", () => {
    for (const length of LENGTHS) {
      const { writer, out } = made(role);
      const key = writer.header(out, Opcode.BINARY, length, true);
      const four = Uint8Array.of(key, key >> 8, key >> 16, key >> 24);
      out.append(pattern(length).map((byte, at) => byte ^ four[at % 4]!));
      if (role === "server") expect(key).toBe(0);
      expectEvents(role, out, [bytesEvent("binary", pattern(length))]);
    }
  });

  test("header of a frame of 290 MiB has each byte of its length", () => {
    const { writer, out } = made(role);
    writer.header(out, Opcode.BINARY, 0x12345678, true);
    const start = role === "client" ? "82ff" : "827f";
    expect(hexOf(out.bytes.subarray(out.head, out.head + 10))).toBe(`${start}0000000012345678`);
  });

  test("header of a frame over 4 GiB has its length in 64 bits", () => {
    const { writer, out } = made(role);
    writer.header(out, Opcode.BINARY, 5 * 2 ** 32 + 7, false);
    const bytes = out.bytes.subarray(out.head, out.tail);
    expect(hexOf(bytes.subarray(0, 10))).toBe(role === "client" ? "02ff0000000500000007" : "027f0000000500000007");
    expect(bytes).toHaveLength(role === "client" ? 14 : 10);
  });
});

describe("close", () => {
  const { writer } = made("server");

  test("without a code it is empty", () => {
    expect(written((out) => writer.close(out))).toBe("8800");
  });

  test("with a code, and a reason of up to 123 bytes", () => {
    const { writer: client, out } = made("client");
    client.close(out, CloseCode.GOING_AWAY, `${"ä".repeat(61)}!`);
    expectEvents("client", out, [closeEvent(1001, `${"ä".repeat(61)}!`)]);
  });

  test("a reason over 123 bytes is refused, counted in bytes", () => {
    const { out } = made("server");
    expect(() => writer.close(out, 1000, "ä".repeat(62))).toThrow(
      expect.objectContaining({
        name: "UsageError",
        code: "CONTROL_PAYLOAD_TOO_LONG",
        message: "Cannot send control frame: payload is 126 bytes where 125 are allowed",
      }),
    );
    expect(out.length).toBe(0);
  });

  test("codes that must not be sent are refused, as is a reason without one", () => {
    const { out } = made("server");
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, Number.NaN]) {
      expect(() => writer.close(out, code)).toThrow(
        expect.objectContaining({
          code: "CLOSE_CODE_INVALID",
          message: expect.stringContaining(`code ${code} is not`),
        }),
      );
    }
    expect(() => writer.close(out, undefined, "bye")).toThrow(expect.objectContaining({ code: "CLOSE_CODE_INVALID" }));
    expect(out.length).toBe(0);
  });
});

describe("control frames", () => {
  test("take 125 bytes and no more", () => {
    for (const role of ["client", "server"] as const) {
      for (const kind of ["ping", "pong"] as const) {
        const { writer, out } = made(role);
        writer[kind](out, pattern(125));
        expect(() => writer[kind](out, pattern(126))).toThrow(
          expect.objectContaining({ code: "CONTROL_PAYLOAD_TOO_LONG" }),
        );
        expectEvents(role, out, [bytesEvent(kind, pattern(125))]);
      }
    }
  });
});

describe.each<{ role: Role }>([{ role: "client" }, { role: "server" }])("a $role's writer function", ({ role }) => {
  test("is handed room for maxLength, and may use all, some or none of it", () => {
    for (const maxLength of LENGTHS) {
      for (const length of LENGTHS.filter((used) => used <= maxLength)) {
        const { writer, out } = made(role, length % 8);
        writer.binaryWith(out, maxLength, (bytes, offset) => {
          expect(bytes.length - offset).toBeGreaterThanOrEqual(maxLength);
          bytes.set(pattern(length), offset);
          return offset + length;
        });
        expectEvents(role, out, [bytesEvent("binary", pattern(length))], length % 8);
        expect(out.length - (length % 8)).toBe(frameSize(role, length));
      }
    }
  });

  test("writes text", () => {
    const { writer, out } = made(role);
    writer.textWith(
      out,
      3 * 40,
      (bytes, offset) => offset + new TextEncoder().encodeInto("größer €", bytes.subarray(offset)).written,
    );
    expectEvents(role, out, ['text "größer €"']);
  });

  test("that ends elsewhere is refused, and nothing is sent", () => {
    const { writer, out } = made(role);
    writer.text(out, "before");
    for (const shift of [-1, 11, 5.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => writer.binaryWith(out, 10, (_, offset) => offset + shift)).toThrow(
        expect.objectContaining({ name: "UsageError", code: "WRITER_OUT_OF_BOUNDS" }),
      );
    }
    expect(() => writer.textWith(out, Number.POSITIVE_INFINITY, (_, offset) => offset)).toThrow(
      expect.objectContaining({ code: "WRITE_TOO_LARGE" }),
    );
    expectEvents(role, out, ['text "before"']);
  });

  test("that throws leaves nothing behind", () => {
    const { writer, out } = made(role);
    writer.text(out, "before");
    const thrown = new Error("cannot serialise");
    expect(() =>
      writer.textWith(out, 5000, () => {
        throw thrown;
      }),
    ).toThrow(thrown);
    writer.text(out, "behind");
    expectEvents(role, out, ['text "before"', 'text "behind"']);
  });
});

describe("masking keys", () => {
  test("a client takes a fresh one for each frame, a server none", () => {
    let drawn = 0;
    const maskKeys: MaskKeys = { next: () => ++drawn };
    const client = new FrameWriter({ role: "client", maskKeys });
    const server = new FrameWriter({ role: "server", maskKeys });
    const out = new WriteBuffer(1024);
    client.text(out, "a");
    client.binary(out, hex("01"));
    client.ping(out);
    client.pong(out);
    client.close(out);
    client.binaryWith(out, 8, (_, offset) => offset);
    client.frame(out, Opcode.BINARY, hex(""), false);
    client.header(out, Opcode.CONTINUATION, 0, true);
    expect(drawn).toBe(8);
    server.text(out, "a");
    server.close(out);
    expect(drawn).toBe(8);
  });

  test("any 32 bits are one, signed or not", () => {
    for (const key of [0, -1, 0xffffffff, 0x80000000, -0x80000000, 0x7fffffff]) {
      const client = new FrameWriter({ role: "client", maskKeys: { next: () => key } });
      const out = new WriteBuffer(64);
      client.binary(out, pattern(11));
      const four = hex((key >>> 0).toString(16).padStart(8, "0")).reverse();
      expect(hexOf(out.bytes.subarray(0, out.tail))).toBe(
        hexOf(frameBytes({ opcode: 2, payload: pattern(11), key: four })),
      );
    }
  });

  test("a client without them is refused", () => {
    expect(() => new FrameWriter({ role: "client" })).toThrow(
      expect.objectContaining({
        name: "UsageError",
        code: "MASK_KEYS_MISSING",
        message: "Cannot create writer: a client needs maskKeys",
      }),
    );
  });
});

/** A writer with keys that differ, and a buffer in which `before` bytes wait. */
function made(role: Role, before = 0, capacity = 1024): { writer: FrameWriter; out: WriteBuffer } {
  let key = 0x12345678;
  const maskKeys = { next: () => (key = Math.imul(key, 0x01000193) | 0) };
  const out = new WriteBuffer(capacity);
  out.append(new Uint8Array(before));
  return { writer: new FrameWriter(role === "client" ? { role, maskKeys } : { role }), out };
}

/** What `role` wrote, behind the `before` bytes that waited, is what the reference decoder and the reader read. */
function expectEvents(role: Role, out: WriteBuffer, events: readonly string[], before = 0): void {
  const bytes = out.bytes.subarray(out.head + before, out.tail);
  const peer = role === "client" ? "server" : "client";
  expect(referenceEvents(bytes, peer, LIMITS)).toEqual([...events]);
  const reader = new FrameReader({ role: peer });
  expect(reader.read(bytes)).toBe(bytes.length);
  const seen: string[] = [];
  for (let message = reader.next(); message !== null; message = reader.next()) seen.push(eventOf(message));
  expect([...seen, ...failureEvents(reader)]).toEqual([...events]);
  expect(reader.unread).toBe(0);
}

function frameSize(role: Role, length: number): number {
  return length + (length < 126 ? 2 : length < 65536 ? 4 : 10) + (role === "client" ? 4 : 0);
}

function written(write: (out: WriteBuffer) => void): string {
  const out = new WriteBuffer(1024);
  write(out);
  return hexOf(joined([out.bytes.subarray(out.head, out.tail)]));
}
