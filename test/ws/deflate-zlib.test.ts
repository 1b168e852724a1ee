import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import type { DeflateStream } from "../../src/codec/ws/deflate-engine.ts";
import { checkDeflate, deflateStream, inflateStream } from "../../src/ws/deflate-zlib.ts";
import { hex, hexOf, utf8 } from "../helpers/bytes.ts";
import { deflateFacts } from "../helpers/deflate-facts.ts";
import { seededRandom } from "../helpers/random.ts";

const HELLO = hex("f2 48 cd c9 c9 07 00 00 00 ff ff");
const TUNING = { level: 6, memLevel: 8 };

test("this engine's zlib can be run synchronously", () => {
  expect(checkDeflate).not.toThrow();
});

describe("inflating", () => {
  test("gives all that the input determines, and remembers it for the next", () => {
    const stream = inflateStream(15);
    const output = new Uint8Array(20);
    expect(run(stream, HELLO, output, 3)).toEqual({ ran: true, taken: 11, written: 8 });
    expect(run(stream, hex("f2 00 11 00 00 00 00 ff ff"), output, 8)).toEqual({ ran: true, taken: 9, written: 13 });
    expect(new TextDecoder().decode(output.subarray(3, 13))).toBe("HelloHello");
  });

  test("stops where the room ends, and goes on from there", () => {
    const stream = inflateStream(15);
    const output = new Uint8Array(20);
    expect(stream.run(HELLO, 0, 11, output, 0, 2)).toBe(true);
    const { taken, written } = stream;
    expect(written).toBe(2);
    expect(stream.run(HELLO, taken, 11, output, 2, 20)).toBe(true);
    expect([stream.taken, stream.written]).toEqual([11, 5]);
  });

  test("leaves what follows a final block", () => {
    const stream = inflateStream(15);
    expect(run(stream, hex("f3 48 cd c9 c9 07 00 01 02 03"), new Uint8Array(20))).toEqual({
      ran: true,
      taken: 7,
      written: 5,
    });
  });

  test("says what is not DEFLATE, tells nobody else, and works again after a reset", async () => {
    const stream = inflateStream(15);
    expect(run(stream, hex("07"), new Uint8Array(20)).ran).toBe(false);
    stream.reset();
    expect(run(stream, HELLO, new Uint8Array(20))).toEqual({ ran: true, taken: 11, written: 5 });
    // What node:zlib emits it emits in the next turn: unhandled, it would end the process.
    await new Promise((resolve) => setTimeout(resolve, 1));
  });

  test("a reset forgets the window", () => {
    const stream = inflateStream(15);
    const output = new Uint8Array(20);
    run(stream, HELLO, output);
    stream.reset();
    expect(run(stream, hex("f2 00 11 00 00"), output).ran).toBe(false);
  });

  test.each([8, 9, 15])("with a window of %d bits", (windowBits) => {
    expect(run(inflateStream(windowBits), HELLO, new Uint8Array(20)).written).toBe(5);
  });
});

describe("deflating", () => {
  test("flushes each message", () => {
    const stream = deflateStream(15, TUNING);
    const output = new Uint8Array(64);
    run(stream, utf8("Hello"), output);
    expect(hexOf(output.subarray(0, stream.written))).toBe("f248cdc9c907000000ffff");
    run(stream, utf8("Hello"), output);
    expect(hexOf(output.subarray(0, stream.written))).toBe("f2001100000000ffff");
    stream.reset();
    run(stream, utf8("Hello"), output);
    expect(hexOf(output.subarray(0, stream.written))).toBe("f248cdc9c907000000ffff");
  });

  // 256 bytes is less than zlib can, which takes 512 in its place; a peer that keeps but 256 must be able to read what comes out.
  test.each([8, 9, 10, 15])("never refers back beyond a window of %d bits, at any level", (windowBits) => {
    let farthest = 0;
    for (let level = 1; level <= 9; level++) {
      for (const memLevel of [1, 8, 9]) {
        const stream = deflateStream(windowBits, { level, memLevel });
        for (let period = 150; period < 1200; period += 37) {
          const source = repeating(period, 3000);
          const output = new Uint8Array(4000);
          run(stream, source, output);
          const facts = deflateFacts(output.subarray(0, stream.written));
          expect(facts.length).toBe(source.length);
          farthest = Math.max(farthest, facts.farthest);
          stream.reset();
        }
        stream.close();
      }
    }
    expect(farthest).toBeGreaterThan(windowBits < 10 ? 180 : 700);
    expect(farthest).toBeLessThanOrEqual(1 << windowBits);
  });
});

test("closing twice is closing once", () => {
  const stream = inflateStream(15);
  stream.close();
  expect(() => stream.close()).not.toThrow();
});

test("what streams take they give back: ten thousand, closed and left to the collector", async () => {
  const child = Bun.spawn([process.execPath, fileURLToPath(new URL("./children/deflate-memory.ts", import.meta.url))], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const { closed, left } = JSON.parse(await new Response(child.stdout).text());
  // One of each takes over 300 KiB while it is open.
  expect(closed).toBeLessThan(32 << 20);
  expect(left).toBeLessThan(200 << 20);
}, 60_000);

function run(
  stream: DeflateStream,
  input: Uint8Array,
  output: Uint8Array,
  at = 0,
): { ran: boolean; taken: number; written: number } {
  const ran = stream.run(input, 0, input.length, output, at, output.length);
  return { ran, taken: stream.taken, written: stream.written };
}

/** Noise that comes again after `period` bytes, so that a window which reaches so far is used. */
function repeating(period: number, length: number): Uint8Array {
  const random = seededRandom(period);
  const noise = Uint8Array.from({ length: period }, () => random() * 256);
  return Uint8Array.from({ length }, (_, at) => noise[at % period] ?? 0);
}
