import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { WriteBuffer } from "../../../src/codec/write-buffer.ts";
import { Assembly } from "../../../src/codec/ws/assembly.ts";
import type { DeflateStream } from "../../../src/codec/ws/deflate-engine.ts";
import { MessageDeflater } from "../../../src/codec/ws/deflate-outgoing.ts";
import { FrameReader } from "../../../src/codec/ws/frame-reader.ts";
import { FrameWriter } from "../../../src/codec/ws/frame-writer.ts";
import { COMPRESSED, Opcode } from "../../../src/codec/ws/opcode.ts";
import { hexOf, utf8 } from "../../helpers/bytes.ts";
import { deflateWay, inflateWay, ReferenceDeflate } from "../../helpers/deflate.ts";
import { bytesEvent, eventOf, textEvent } from "../../helpers/events.ts";
import { FUZZ_TIMEOUT, fuzz } from "../../helpers/fuzz.ts";

describe("RFC 7692 section 7.2.3.2", () => {
  test("a second message refers back to the first where the window is taken over", () => {
    const deflater = new MessageDeflater(deflateWay(), new Assembly(4096));
    expect([hello(deflater), hello(deflater)]).toEqual(["f248cdc9c90700", "f200110000"]);
  });

  test("and does not where it is not: then what does not shrink is sent as it is", () => {
    const deflater = new MessageDeflater(deflateWay(15, false), new Assembly(4096));
    const text = utf8("Hello, hello, hello, hello, hello, hello");
    const first = hexOf(deflater.deflate(text) ?? utf8("as it is"));
    expect(deflater.deflate(utf8("Hello"))).toBeNull();
    expect(hexOf(deflater.deflate(text) ?? utf8("as it is"))).toBe(first);
  });
});

test("an empty message is sent as it is", () => {
  const deflater = new MessageDeflater(deflateWay(), new Assembly(4096));
  expect(deflater.deflate(new Uint8Array(0))).toBeNull();
});

test(
  "what is compressed zlib inflates to what it was",
  () => {
    // Invariant: payloads inflate to their messages by zlib's public functions, for any parameters, levels and contents, in order.
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.tuple(fc.constantFrom("price ", "é€😀", "\0"), fc.nat(3000)).map(([text, times]) => utf8(text.repeat(times))),
    );
    const level = fc.integer({ min: 0, max: 9 });
    const memLevel = fc.integer({ min: 1, max: 9 });
    const windowBits = fc.integer({ min: 8, max: 15 });
    const messages = fc.array(message, { maxLength: 6 });
    const values = fc.tuple(windowBits, fc.boolean(), level, memLevel, messages, fc.constantFrom(0, 70_000));
    fuzz("deflate", 0.05, values, ([bits, takeover, levelOf, memLevelOf, all, kept]) => {
      const deflater = new MessageDeflater(deflateWay(bits, takeover, levelOf, memLevelOf), new Assembly(kept));
      const reference = new ReferenceDeflate(bits, takeover);
      for (const one of all) {
        const payload = deflater.deflate(one);
        if (payload === null) {
          if (takeover && one.length > 0) throw new Error("a message was kept out of the window");
        } else if (Buffer.compare(reference.inflate(payload), one) !== 0) {
          throw new Error(`${one.length} bytes came back changed`);
        }
        deflater.sent();
      }
      deflater.close();
    });
  },
  FUZZ_TIMEOUT,
);

test("a message larger than what is kept comes out whole, and what it took is let go", () => {
  const into = new Assembly(4096);
  const deflater = new MessageDeflater(deflateWay(), into);
  const noise = crypto.getRandomValues(new Uint8Array(200_000));
  const payload = deflater.deflate(noise) ?? new Uint8Array(0);
  expect(payload.length).toBeGreaterThan(noise.length);
  expect(Buffer.compare(new ReferenceDeflate().inflate(payload), noise)).toBe(0);
  deflater.sent();
  expect(into.bytes.length).toBe(0);
});

test("frames with RSV1 are what a reader inflates, between others that are not compressed", () => {
  const deflater = new MessageDeflater(deflateWay(12), new Assembly(4096));
  const writer = new FrameWriter({ role: "server" });
  const out = new WriteBuffer(64);
  const text = "the same words ".repeat(40);
  for (let count = 0; count < 2; count++) {
    writer.frame(out, Opcode.TEXT | COMPRESSED, deflater.deflate(utf8(text)) ?? utf8(""), true);
    writer.ping(out);
    writer.binary(out, utf8("plain"));
  }
  expect(out.length).toBeLessThan(text.length);
  const reader = new FrameReader({ role: "client", inflate: inflateWay(12) });
  reader.read(out.bytes.subarray(out.head, out.tail));
  const events: string[] = [];
  for (let message = reader.next(); message !== null; message = reader.next()) events.push(eventOf(message));
  const each = [textEvent(text), "ping", bytesEvent("binary", utf8("plain"))];
  expect(events).toEqual([...each, ...each]);
});

test("nothing is opened before the first message, and what was is closed once", () => {
  const log: string[] = [];
  const way = deflateWay();
  const open = (windowBits: number): DeflateStream => {
    log.push("open");
    const stream = way.open(windowBits);
    const close = stream.close.bind(stream);
    stream.close = () => {
      log.push("close");
      close();
    };
    return stream;
  };
  const deflater = new MessageDeflater({ ...way, open }, new Assembly(64));
  deflater.deflate(new Uint8Array(0));
  expect(log).toEqual([]);
  hello(deflater);
  hello(deflater);
  deflater.close();
  deflater.close();
  expect(log).toEqual(["open", "close"]);
});

function hello(deflater: MessageDeflater): string {
  return hexOf(deflater.deflate(utf8("Hello")) ?? utf8("as it is"));
}
