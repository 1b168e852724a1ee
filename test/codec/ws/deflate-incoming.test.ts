import { describe, expect, test } from "bun:test";
import { plainMemory } from "../../../src/codec/byte-ring.ts";
import type { DeflateStream } from "../../../src/codec/ws/deflate-engine.ts";
import { FrameReader } from "../../../src/codec/ws/frame-reader.ts";
import { FrameScout } from "../../../src/codec/ws/frame-scout.ts";
import { inflateStream } from "../../../src/ws/deflate-zlib.ts";
import { hex, joined, pattern, utf8 } from "../../helpers/bytes.ts";
import { compressedFrames, inflateWay, inPieces, ReferenceDeflate } from "../../helpers/deflate.ts";
import { bytesEvent, eventOf, textEvent } from "../../helpers/events.ts";
import { feedAllWays } from "../../helpers/feed-all-ways.ts";
import { frameBytes } from "../../helpers/frames.ts";
import { DEFLATE_VECTORS, type DeflateVector } from "./rfc7692-vectors.ts";

for (const [section, vectors] of Object.entries(DEFLATE_VECTORS)) {
  describe(`RFC 7692 section ${section}`, () => {
    for (const vector of vectors) test(vector.why, () => feedVector(vector));
  });
}

describe("without compression", () => {
  test("RSV1 stays refused", () => {
    feedAllWays({ stream: hex("c1 07 f2 48 cd c9 c9 07 00"), events: ["fail WS_RESERVED_BITS"], failsAfter: 2 });
  });
});

describe("messages of all sizes, larger than the ring and than the window", () => {
  const sizes = [1, 100, 4095, 4096, 4097, 40_000, 300_000];
  for (const windowBits of [8, 9, 12, 15]) {
    for (const contextTakeover of [true, false]) {
      test(`window of ${windowBits} bits, ${contextTakeover ? "taken over" : "begun anew"}`, () => {
        const peer = new ReferenceDeflate(windowBits, contextTakeover);
        const frames: Uint8Array[] = [];
        const events: string[] = [];
        for (const [at, size] of sizes.entries()) {
          const message = utf8("aé€😀 and so on, ".repeat(Math.ceil(size / 26))).slice(0, size);
          const payload = peer.compress(message, at % 3 === 2);
          frames.push(...compressedFrames(2, inPieces(payload, 1 + (at % 4))));
          events.push(bytesEvent("binary", message));
        }
        feedAllWays({ stream: joined(frames), events, options: { inflate: inflateWay(windowBits, contextTakeover) } });
      });
    }
  }

  test("noise, which grows where it is compressed, to the limit", () => {
    const noise = crypto.getRandomValues(new Uint8Array(50_000));
    const payload = new ReferenceDeflate().compress(noise);
    expect(payload.length).toBeGreaterThan(noise.length);
    feedAllWays({
      stream: joined(compressedFrames(2, [payload])),
      events: [bytesEvent("binary", noise)],
      options: { inflate: inflateWay(), maxMessageSize: noise.length },
    });
  });
});

test("a bomb is refused at the limit: no more than the limit and one byte is ever inflated", () => {
  const bomb = new ReferenceDeflate().compress(new Uint8Array(64 << 20));
  expect(bomb.length).toBeLessThan(70_000);
  let inflated = 0;
  let largest = 0;
  const open = (windowBits: number): DeflateStream => {
    const stream = inflateStream(windowBits);
    return new Proxy(stream, {
      get(of, name) {
        if (name !== "run") return Reflect.get(of, name).bind?.(of) ?? Reflect.get(of, name);
        return (...[input, start, end, output, at, limit]: Parameters<DeflateStream["run"]>) => {
          const ran = of.run(input, start, end, output, at, limit);
          inflated += of.written - at;
          largest = Math.max(largest, output.length);
          return ran;
        };
      },
    });
  };
  const maxMessageSize = 100_000;
  const reader = new FrameReader({
    role: "client",
    maxMessageSize,
    inflate: { windowBits: 15, contextTakeover: true, open },
  });
  const stream = joined(compressedFrames(2, [bomb]));
  for (let pos = 0; pos < stream.length && reader.failure === null; ) {
    pos += reader.read(stream, pos);
    expect(reader.next()).toBeNull();
  }
  expect(reader.failure).toMatchObject({
    code: "WS_MESSAGE_TOO_LARGE",
    closeCode: 1009,
    message:
      "Cannot read: the message is over maxMessageSize: message inflates to more than the 100000 bytes of maxMessageSize",
  });
  expect(inflated).toBe(maxMessageSize + 1);
  expect(largest).toBeLessThan(2 * maxMessageSize);
});

test("a message of final blocks alone is refused before it costs a thousand times its size", () => {
  const blocks = new Uint8Array(20_000).map((_, at) => (at % 2 === 0 ? 0x03 : 0));
  const first = joined(compressedFrames(2, [hex("f2 48 cd c9 c9 07 00")]));
  feedAllWays({
    stream: joined([first, ...compressedFrames(2, [blocks])]),
    events: ["binary 48656c6c6f", "fail WS_DEFLATE_CORRUPT"],
    options: { inflate: inflateWay() },
  });
});

test("what cannot be inflated is told with where", () => {
  const reader = new FrameReader({ role: "client", inflate: inflateWay() });
  reader.read(hex("41 07 f2 48 cd c9 c9 07 00  80 01 07"));
  expect(reader.next()).toBeNull();
  expect(reader.failure).toMatchObject({
    code: "WS_DEFLATE_CORRUPT",
    closeCode: 1007,
    message: "Cannot read: the compressed message cannot be inflated: 5 bytes into the message",
  });
});

test("a reader that was reset has nothing left of the peer before: no window, no failure", () => {
  const reader = new FrameReader({ role: "client", inflate: inflateWay() });
  const hello = hex("c1 07 f2 48 cd c9 c9 07 00");
  const back = hex("c1 05 f2 00 11 00 00");
  reader.read(joined([hello, back]));
  expect([eventOf(messageOf(reader)), eventOf(messageOf(reader))]).toEqual(['text "Hello"', 'text "Hello"']);
  reader.reset();
  reader.read(back);
  expect(reader.next()).toBeNull();
  expect(reader.failure?.code).toBe("WS_DEFLATE_CORRUPT");
  reader.reset();
  reader.read(joined([hello, back]));
  expect([eventOf(messageOf(reader)), eventOf(messageOf(reader))]).toEqual(['text "Hello"', 'text "Hello"']);
});

test("a message lent stays as it is while the next ones are read in", () => {
  const peer = new ReferenceDeflate();
  const texts = ["one ".repeat(50), "two ".repeat(60)];
  const frames = texts.map((text) => joined(compressedFrames(1, [peer.compress(utf8(text))])));
  const reader = new FrameReader({ role: "client", bufferCapacity: 256, inflate: inflateWay() });
  reader.read(frames[0] ?? new Uint8Array(0));
  const message = messageOf(reader);
  reader.read(frames[1] ?? new Uint8Array(0));
  expect(eventOf(message)).toBe(textEvent(texts[0] ?? ""));
  expect(eventOf(messageOf(reader))).toBe(textEvent(texts[1] ?? ""));
});

test("the scout sees pings and the close frame behind compressed messages, in fragments also", () => {
  const reader = new FrameReader({ role: "client", inflate: inflateWay(), memory: plainMemory(4096) });
  const scout = new FrameScout(reader);
  const hello = hex("f2 48 cd c9 c9 07 00");
  reader.read(
    joined([
      ...compressedFrames(1, [hello]),
      frameBytes({ opcode: 9, payload: utf8("a") }),
      ...compressedFrames(1, inPieces(hello, 3)),
      frameBytes({ opcode: 9, payload: utf8("b") }),
      hex("88 02 03 e8"),
    ]),
  );
  const seen: string[] = [];
  for (let message = scout.next(); message !== null; message = scout.next()) seen.push(eventOf(message));
  expect(seen).toEqual(["ping 61", "ping 62", 'close 1000 ""']);
  expect(eventOf(messageOf(reader))).toBe('text "Hello"');
});

test("nothing is opened for messages that are not compressed, and what was is closed once", () => {
  let open = 0;
  const counting = (windowBits: number): DeflateStream => {
    const stream = inflateStream(windowBits);
    const close = stream.close.bind(stream);
    open++;
    stream.close = () => {
      open--;
      close();
    };
    return stream;
  };
  const reader = new FrameReader({
    role: "client",
    inflate: { windowBits: 15, contextTakeover: true, open: counting },
  });
  reader.read(joined([frameBytes({ opcode: 2, payload: pattern(200) }), hex("c1 00")]));
  while (reader.next() !== null);
  expect(open).toBe(0);
  reader.read(hex("c1 07 f2 48 cd c9 c9 07 00 c1 01 00"));
  while (reader.next() !== null);
  expect(open).toBe(1);
  reader.release();
  reader.release();
  expect(open).toBe(0);
});

function messageOf(reader: FrameReader): NonNullable<ReturnType<FrameReader["next"]>> {
  const message = reader.next();
  if (message === null) throw new Error(`no message: ${reader.failure}`);
  return message;
}

function feedVector(vector: DeflateVector): void {
  const { bytes, events, role, maxFrameSize, maxMessageSize, failsAfter, endsWithinFrame } = vector;
  feedAllWays({
    stream: typeof bytes === "string" ? hex(bytes) : bytes,
    events,
    options: {
      inflate: inflateWay(15, vector.contextTakeover ?? true),
      ...(role === undefined ? {} : { role }),
      ...(maxFrameSize === undefined ? {} : { maxFrameSize }),
      ...(maxMessageSize === undefined ? {} : { maxMessageSize }),
    },
    ...(failsAfter === undefined ? {} : { failsAfter }),
    ...(endsWithinFrame === undefined ? {} : { endsWithinFrame }),
  });
}
