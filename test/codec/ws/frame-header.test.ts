import { describe, expect, test } from "bun:test";
import { FrameHeader, type HeaderRules } from "../../../src/codec/ws/frame-header.ts";
import { hex, joined } from "../../helpers/bytes.ts";
import { frameBytes } from "../../helpers/frames.ts";

const CLIENT: HeaderRules = { maskBit: 0, maxFrameSize: 1 << 30, maxMessageSize: 1 << 30 };
const SERVER: HeaderRules = { ...CLIENT, maskBit: 0x80 };
const KEY = hex("37fa213d");
const NO_MESSAGE = -1;

describe("a whole header", () => {
  const lengths = [0, 1, 124, 125, 126, 127, 255, 256, 65535, 65536, 1 << 24, 1 << 30];
  test.each(lengths)("announces %p bytes, masked and not, and is parsed no earlier than it is whole", (length) => {
    for (const key of [null, KEY]) {
      const rules = key === null ? CLIENT : SERVER;
      const bytes = frameBytes({ opcode: 2, announced: BigInt(length), key });
      for (const before of [0, 3]) {
        const placed = joined([new Uint8Array(before).fill(0xff), bytes, hex("ff ff")]);
        for (let tail = before; tail < before + bytes.length; tail++) {
          const header = new FrameHeader();
          expect(header.parse(placed, before, tail, rules, NO_MESSAGE)).toBe(false);
          expect([header.size, header.fault]).toEqual([0, null]);
        }
        const header = new FrameHeader();
        expect(header.parse(placed, before, before + bytes.length, rules, NO_MESSAGE)).toBe(true);
        const word = key === null ? 0 : new DataView(key.buffer).getInt32(0, true);
        expect(header).toMatchObject({
          size: bytes.length,
          fin: true,
          opcode: 2,
          length,
          key: word,
          fault: null,
          isControl: false,
        });
      }
    }
  });

  test.each([0, 1, 2, 8, 9, 10])("has FIN and opcode %p", (opcode) => {
    const header = new FrameHeader();
    const messageSize = opcode === 0 ? 5 : NO_MESSAGE;
    expect(header.parse(frameBytes({ opcode }), 0, 2, CLIENT, messageSize)).toBe(true);
    expect(header).toMatchObject({ fin: true, opcode, isControl: opcode >= 8 });
    if (opcode >= 8) return;
    expect(header.parse(frameBytes({ opcode, fin: false }), 0, 2, CLIENT, messageSize)).toBe(true);
    expect(header.fin).toBe(false);
  });
});

test("one header is read over another", () => {
  const header = new FrameHeader();
  expect(header.parse(frameBytes({ opcode: 2, announced: 70000n, key: KEY }), 0, 14, SERVER, NO_MESSAGE)).toBe(true);
  expect(header.parse(hex("89 83"), 0, 2, SERVER, NO_MESSAGE)).toBe(false);
  expect(header.size).toBe(0);
  expect(header.parse(hex("89 83 00 00 00 00"), 0, 6, SERVER, NO_MESSAGE)).toBe(true);
  expect(header).toMatchObject({ size: 6, opcode: 9, length: 3, key: 0 });
});

test("clear takes the failure away", () => {
  const header = new FrameHeader();
  expect(header.parse(hex("f1 00"), 0, 2, CLIENT, NO_MESSAGE)).toBe(false);
  expect(header).toMatchObject({ fault: "WS_RESERVED_BITS", detail: "first byte 0xf1" });
  header.clear();
  expect(header).toMatchObject({ size: 0, fault: null, detail: "" });
});

describe("sizes are judged before the header is whole, and counted over the fragments", () => {
  const rules: HeaderRules = { maskBit: 0x80, maxFrameSize: 1000, maxMessageSize: 1500 };
  const judged = (length: bigint, messageSize: number, opcode = messageSize < 0 ? 2 : 0): string | null => {
    const header = new FrameHeader();
    const bytes = frameBytes({ opcode, announced: length, key: KEY });
    header.parse(bytes, 0, bytes.length - 4, rules, messageSize);
    return header.fault === null ? null : `${header.fault} ${header.detail}`;
  };

  test("frames", () => {
    expect(judged(1000n, NO_MESSAGE)).toBeNull();
    expect(judged(1001n, NO_MESSAGE)).toBe("WS_FRAME_TOO_LARGE payload is 1001 bytes where maxFrameSize is 1000");
    expect(judged(1n << 32n, NO_MESSAGE)).toBe(
      "WS_FRAME_TOO_LARGE payload is 4294967296 bytes where maxFrameSize is 1000",
    );
  });

  test("messages", () => {
    expect(judged(1000n, 500)).toBeNull();
    expect(judged(1000n, 501)).toBe("WS_MESSAGE_TOO_LARGE message is 1501 bytes where maxMessageSize is 1500");
    expect(judged(0n, 1500)).toBeNull();
    expect(judged(1n, 1500)).toBe("WS_MESSAGE_TOO_LARGE message is 1501 bytes where maxMessageSize is 1500");
  });

  test("not control frames", () => {
    const tight: HeaderRules = { maskBit: 0, maxFrameSize: 0, maxMessageSize: 0 };
    const header = new FrameHeader();
    expect(header.parse(hex("89 7d"), 0, 2, tight, 0)).toBe(true);
    expect(header.length).toBe(125);
  });
});

test("of several broken rules the same one is told, whatever has arrived", () => {
  const header = new FrameHeader();
  const all = frameBytes({ opcode: 3, reserved: 0x70, fin: false, key: KEY, announced: 1n << 63n, lengthBytes: 8 });
  for (let tail = 2; tail <= all.length; tail++) {
    header.clear();
    expect(header.parse(all, 0, tail, CLIENT, NO_MESSAGE)).toBe(false);
    expect(header.fault).toBe("WS_RESERVED_BITS");
  }
});
