import { describe, expect, test } from "bun:test";
import { plainMemory } from "../../../src/codec/byte-ring.ts";
import { ProtocolError } from "../../../src/codec/errors.ts";
import { FrameReader } from "../../../src/codec/ws/frame-reader.ts";
import type { FrameReaderOptions } from "../../../src/codec/ws/reader-options.ts";
import { hex, hexOf, joined, pattern, utf8 } from "../../helpers/bytes.ts";
import { bytesEvent, eventOf, failureEvents } from "../../helpers/events.ts";
import { type DecoderCase, feedAllWays } from "../../helpers/feed-all-ways.ts";
import { fragments, frameBytes } from "../../helpers/frames.ts";
import { MEMORIES } from "../../helpers/memories.ts";
import { BAD_TEXTS, GOOD_TEXTS, VECTORS, type Vector } from "./rfc6455-vectors.ts";

const KEY = hex("a1 b2 c3 d4");

for (const [section, vectors] of Object.entries(VECTORS)) {
  describe(`RFC 6455 section ${section}`, () => {
    for (const vector of vectors) test(vector.why, () => feedAllWays(caseOf(vector)));
  });
}

describe("UTF-8 (RFC 6455 section 8.1)", () => {
  for (const text of GOOD_TEXTS) {
    test(`${JSON.stringify(text)}, in one frame and cut into two at each byte`, () => {
      const payload = utf8(text);
      const events = [`text ${JSON.stringify(text)}`];
      for (const key of [null, KEY]) {
        const options = { role: key === null ? "client" : "server" } as const;
        feedAllWays({ stream: frameBytes({ opcode: 1, payload, key }), events, options });
        for (let cut = 0; cut <= payload.length; cut++) {
          const parts = [payload.subarray(0, cut), payload.subarray(cut)];
          feedAllWays({ stream: joined(fragments(1, parts, key)), events, options });
        }
      }
    });
  }

  for (const [why, bytes, certainAfter] of BAD_TEXTS) {
    test(why, () => {
      const payload = hex(bytes);
      const events = ["fail WS_INVALID_UTF8"];
      // The header is 2 bytes, and 6 where it is masked; a text that only lacks its end fails with its last byte.
      const certain = certainAfter === 0 ? payload.length : certainAfter;
      feedAllWays({ stream: frameBytes({ opcode: 1, payload }), events, failsAfter: 2 + certain });
      feedAllWays({
        stream: frameBytes({ opcode: 1, payload, key: KEY }),
        events,
        options: { role: "server" },
        failsAfter: 6 + certain,
      });
      for (let cut = 0; cut <= payload.length; cut++) {
        const stream = joined(fragments(1, [payload.subarray(0, cut), payload.subarray(cut)]));
        const failsAfter = certain + (cut < certain || (certainAfter === 0 && cut === payload.length) ? 4 : 2);
        feedAllWays({ stream, events, failsAfter });
      }
    });
  }

  test("a bad byte in the first of many fragments fails there, whatever would follow", () => {
    const stream = joined([frameBytes({ opcode: 1, payload: hex("61 ff"), fin: false }), hex("89 00")]);
    feedAllWays({ stream, events: ["fail WS_INVALID_UTF8"], failsAfter: 4 });
  });

  test("a bad byte in a frame that is larger than the ring fails before the frame is there", () => {
    const payload = pattern(9000).fill(0x61);
    payload[4321] = 0xc0;
    const stream = frameBytes({ opcode: 1, payload }).subarray(0, 8000);
    feedAllWays({ stream, events: ["fail WS_INVALID_UTF8"], failsAfter: 4 + 4322, endsWithinFrame: true });
  });

  test("binary messages and pings between the fragments do not disturb a character that is cut", () => {
    const parts = fragments(1, [hex("61 e2"), hex("82"), hex("ac")]);
    const ping = frameBytes({ opcode: 9, payload: hex("ff") });
    const stream = joined(parts.flatMap((part) => [part, ping]));
    feedAllWays({ stream, events: ["ping ff", "ping ff", 'text "a€"', "ping ff"] });
  });
});

describe.each(MEMORIES)("a reader on $kind memory", ({ make }) => {
  test("takes no more than the ring has room for, and the rest after next", () => {
    const reader = new FrameReader({ role: "client", memory: make(256) });
    const capacity = reader.ring.capacity;
    const payload = pattern(capacity - 100);
    const stream = joined([frameBytes({ opcode: 2, payload }), frameBytes({ opcode: 2, payload })]);
    expect(reader.read(stream)).toBe(capacity);
    expect(reader.read(stream, capacity)).toBe(0);
    expect(nextEvent(reader)).toBe(bytesEvent("binary", payload));
    expect(nextEvent(reader)).toBeNull();
    expect(reader.read(stream, capacity)).toBe(stream.length - capacity);
    expect(nextEvent(reader)).toBe(bytesEvent("binary", payload));
  });

  test("reads from an offset, and nothing from the chunk's end", () => {
    const reader = new FrameReader({ role: "client", memory: make(256) });
    const chunk = hex("ff ff 81 01 61");
    expect(reader.read(chunk, 2)).toBe(3);
    expect(reader.read(chunk, 5)).toBe(0);
    expect(drained(reader)).toEqual(['text "a"']);
  });

  test("neither moves nor overwrites a message that is lent while more is read", () => {
    const reader = new FrameReader({ role: "client", memory: make(256) });
    const stream = joined(Array.from({ length: 2_000 }, (_, at) => numberedFrame(at)));
    let pos = reader.read(stream);
    for (let at = 0; at < 2_000; at++) {
      let message = reader.next();
      if (message === null) {
        pos += reader.read(stream, pos);
        message = reader.next();
      }
      const view = message!.bytes();
      // All that fits goes in while the message is lent, in pieces that leave the ring at each possible fill.
      for (let taken = 1; taken > 0; pos += taken) taken = reader.read(stream.subarray(0, pos + 1 + (at % 61)), pos);
      expect(hexOf(view)).toBe(hexOf(numberedFrame(at).subarray(2)));
      expect(hexOf(message!.bytes())).toBe(hexOf(view));
    }
    expect(reader.next()).toBeNull();
  });

  test("keeps a message that was put together while more is read", () => {
    const reader = new FrameReader({ role: "client", memory: make(256) });
    const capacity = reader.ring.capacity;
    const large = frameBytes({ opcode: 2, payload: pattern(2 * capacity) });
    let pos = 0;
    let message = reader.next();
    while (message === null) {
      pos += reader.read(large, pos);
      message = reader.next();
    }
    expect(reader.read(pattern(capacity).fill(0))).toBe(capacity);
    expect(hexOf(message.bytes())).toBe(hexOf(pattern(2 * capacity)));
  });

  test("reads a frame that fills the ring to its last byte, wherever it begins", () => {
    const reader = new FrameReader({ role: "client", memory: make(256) });
    const capacity = reader.ring.capacity;
    for (let before = 0; before < 300; before += 7) {
      reader.reset();
      const first = frameBytes({ opcode: 2, payload: pattern(before) });
      const exact = frameBytes({ opcode: 2, payload: pattern(capacity - 4) });
      expect(exact.length).toBe(capacity);
      const taken = reader.read(joined([first, exact]));
      if (first.length < capacity) expect(nextEvent(reader)).toBe(bytesEvent("binary", pattern(before)));
      if (first.length >= capacity) continue;
      expect(reader.next()).toBeNull();
      expect(reader.read(exact, taken - first.length)).toBe(capacity - (taken - first.length));
      const message = reader.next();
      expect(message!.buffer).toBe(reader.ring.bytes);
      expect(eventOf(message!)).toBe(bytesEvent("binary", pattern(capacity - 4)));
    }
  });

  test("lends one object", () => {
    const reader = new FrameReader({ role: "client", memory: make(256), debug: false });
    reader.read(joined([hex("81 01 61  82 01 62  01 01 63 89 00 80 00")]));
    const first = reader.next();
    for (let message = reader.next(); message !== null; message = reader.next()) expect(message).toBe(first!);
  });
});

describe("reset", () => {
  const stream = hex("81 01 61");
  const states: readonly (readonly [state: string, bytes: string])[] = [
    ["a failure", "f1 00"],
    ["a failure within a fragmented text", "01 01 c3 00 01 28"],
    ["the close frame", "88 00"],
    ["part of a header", "82 7f 00 00"],
    ["part of a frame", "82 05 01"],
    ["part of a text that ends within a character", "81 05 e2"],
    ["a frame larger than the ring, not all there", "82 7f 00 00 00 00 00 01 00 00 01 02 03"],
    ["a fragment", "01 02 61 c3"],
    ["a fragment and part of a ping", "01 02 61 c3 89 02 01"],
    ["messages nobody read", "81 01 62 81 01 63"],
  ];
  for (const [state, bytes] of states) {
    for (const debug of [false, true]) {
      test(`after ${state}${debug ? ", slow path" : ""}`, () => {
        const reader = new FrameReader({ role: "client", bufferCapacity: 256, debug });
        reader.read(hex(bytes));
        if (state !== "messages nobody read") drained(reader);
        reader.reset();
        expect(reader.failure).toBeNull();
        expect(reader.closed).toBe(false);
        expect(reader.next()).toBeNull();
        reader.read(stream);
        expect(drained(reader)).toEqual(['text "a"']);
      });
    }
  }
});

test.each(MEMORIES)("reset on $kind memory gives back all of it, also of a message lent from its end", ({ make }) => {
  for (const debug of [false, true]) {
    const reader = new FrameReader({ role: "client", memory: make(256), debug });
    const { capacity } = reader.ring;
    reader.read(frameBytes({ opcode: 2, payload: pattern(capacity - 14) }));
    reader.next();
    reader.read(frameBytes({ opcode: 2, payload: pattern(8) }));
    expect(reader.next()?.end).toBe(capacity);
    reader.reset();
    expect(reader.read(pattern(capacity + 1))).toBe(capacity);
  }
});

describe("a failure", () => {
  const sentences: readonly (readonly [
    options: Partial<FrameReaderOptions>,
    bytes: string,
    closeCode: number,
    message: string,
  ])[] = [
    [{}, "91 00", 1002, "Cannot read: reserved bits are set without an extension: first byte 0x91"],
    [{}, "83 00", 1002, "Cannot read: the opcode is reserved: opcode 3"],
    [{}, "82 7e 00 05", 1002, "Cannot read: the payload length is not in its shortest form: 5 in 16 bits"],
    [
      {},
      "82 7f 00 00 00 00 00 00 01 00",
      1002,
      "Cannot read: the payload length is not in its shortest form: 256 in 64 bits",
    ],
    [
      { maxFrameSize: 4 },
      "82 05",
      1009,
      "Cannot read: the frame is over maxFrameSize: payload is 5 bytes where maxFrameSize is 4",
    ],
    [
      { maxMessageSize: 4 },
      "02 03 01 02 03 80 03",
      1009,
      "Cannot read: the message is over maxMessageSize: message is 6 bytes where maxMessageSize is 4",
    ],
    [{}, "81 01 ff", 1007, "Cannot read: text is not valid UTF-8"],
    [{}, "88 02 03 ed", 1002, "Cannot read: the close code must not stand in a close frame: code 1005"],
  ];
  for (const [options, bytes, closeCode, message] of sentences) {
    test(message, () => {
      const reader = new FrameReader({ role: "client", ...options });
      reader.read(hex(bytes));
      expect(reader.next()).toBeNull();
      expect(reader.failure).toBeInstanceOf(ProtocolError);
      expect(reader.failure).toMatchObject({ message, closeCode, fault: "peer", name: "ProtocolError" });
    });
  }

  test("stays, and whatever is read is dropped", () => {
    const reader = new FrameReader({ role: "client", bufferCapacity: 256 });
    reader.read(hex("81 01 61 f1 00 81 01 62"));
    expect(drained(reader)).toEqual(['text "a"', "fail WS_RESERVED_BITS"]);
    const failure = reader.failure;
    for (let count = 0; count < 3; count++) {
      expect(reader.read(pattern(1000))).toBe(1000);
      expect(reader.read(pattern(1000), 400)).toBe(600);
      expect(reader.next()).toBeNull();
    }
    expect(reader.failure).toBe(failure);
  });

  test("the messages before it are delivered first, also on the fast path", () => {
    const reader = new FrameReader({ role: "client" });
    reader.read(hex("81 01 61  82 02 01 02  81 02 61 ff  81 01 62"));
    expect(nextEvent(reader)).toBe('text "a"');
    expect(reader.failure).toBeNull();
    expect(drained(reader)).toEqual(["binary 0102", "fail WS_INVALID_UTF8"]);
  });
});

describe("memory", () => {
  test("a message is put together in memory that grows with what arrives, not with what its header tells", () => {
    const reader = new FrameReader({ role: "client", bufferCapacity: 256 });
    reader.read(joined([hex("82 7f 00 00 00 00 01 00 00 00"), pattern(100)]));
    expect(reader.next()).toBeNull();
    expect(reader["assembly"].bytes.length).toBeLessThan(10_000);
  });

  test("a large message's memory goes with it", () => {
    const reader = new FrameReader({ role: "client", bufferCapacity: 256 });
    const large = frameBytes({ opcode: 2, payload: pattern(100_000) });
    for (let pos = 0; reader.next() === null; ) pos += reader.read(large, pos);
    expect(reader.next()).toBeNull();
    expect(reader["assembly"].bytes.length).toBe(0);
  });

  test("that is handed in is used, and must hold a control frame", () => {
    const memory = plainMemory(512);
    expect(new FrameReader({ role: "client", memory }).ring.bytes).toBe(memory.bytes);
    expect(new FrameReader({ role: "client", memory: null, bufferCapacity: 300 }).ring.capacity).toBe(304);
    const tooSmall = (): unknown => new FrameReader({ role: "client", memory: plainMemory(128) });
    expect(tooSmall).toThrow("Cannot create reader: memory.capacity is 128, not an integer from 256 to 1073741824");
  });
});

describe("debug", () => {
  const expired = { code: "MESSAGE_EXPIRED", name: "UsageError" };

  test("a message throws once the next one was asked for", () => {
    const reader = new FrameReader({ role: "client", debug: true });
    reader.read(hex("81 01 61  82 01 62"));
    const first = reader.next()!;
    expect(first.text()).toBe("a");
    const second = reader.next()!;
    for (const use of [
      () => first.text(),
      () => first.bytes(),
      () => first.kind,
      () => first.length,
      () => first.toOwned(),
    ]) {
      expect(use).toThrow(expect.objectContaining(expired));
    }
    expect(reader.next()).toBeNull();
    expect(() => second.bytes()).toThrow(expect.objectContaining(expired));
  });

  test("and after reset", () => {
    const reader = new FrameReader({ role: "client", debug: true });
    reader.read(hex("81 01 61"));
    const message = reader.next()!;
    reader.reset();
    expect(() => message.text()).toThrow(expect.objectContaining(expired));
  });

  test("reading more does not expire it", () => {
    const reader = new FrameReader({ role: "client", debug: true });
    reader.read(hex("81 01 61"));
    const message = reader.next()!;
    reader.read(hex("81 01 62"));
    expect(message.text()).toBe("a");
  });
});

function caseOf(vector: Vector): DecoderCase {
  const { bytes, events, role, maxFrameSize, maxMessageSize, failsAfter, endsWithinFrame } = vector;
  const stream = typeof bytes === "string" ? hex(bytes) : bytes;
  const failing = events.at(-1)?.startsWith("fail") ?? false;
  return {
    stream,
    events,
    options: {
      role: role ?? "client",
      ...(maxFrameSize === undefined ? {} : { maxFrameSize }),
      ...(maxMessageSize === undefined ? {} : { maxMessageSize }),
    },
    ...(failing ? { failsAfter: failsAfter ?? stream.length } : {}),
    endsWithinFrame: endsWithinFrame ?? false,
  };
}

function nextEvent(reader: FrameReader): string | null {
  const message = reader.next();
  return message === null ? null : eventOf(message);
}

function drained(reader: FrameReader): string[] {
  const events: string[] = [];
  for (let event = nextEvent(reader); event !== null; event = nextEvent(reader)) events.push(event);
  return [...events, ...failureEvents(reader)];
}

/** 12 to 72 bytes that tell which frame they are. */
function numberedFrame(number: number): Uint8Array {
  const payload = pattern(10 + (number % 61)).map((byte) => (byte + number) & 0xff);
  return frameBytes({ opcode: 2, payload });
}
