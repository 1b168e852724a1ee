import { expect, test } from "bun:test";
import fc from "fast-check";
import { wordsOf } from "../../../src/codec/ascii.ts";
import { PROTOCOL_FAULTS } from "../../../src/codec/errors.ts";
import { HeadReader } from "../../../src/codec/http/head.ts";
import { cuts, cutsWithin, mutated, mutations } from "../../helpers/arbitrary-streams.ts";
import { FUZZ_TIMEOUT, fuzz } from "../../helpers/fuzz.ts";
import { type HeadReading, referenceHead } from "../../helpers/reference-head.ts";
import { chunksAt } from "../../helpers/splits.ts";

const LIMITS = { maxHeadSize: 120, maxHeaders: 5 };

test(
  "mutated heads are a head or a typed fault, the same in whatever chunks they come",
  () => {
    // Invariant: any bytes are what the reference reads in them (a head within the limits, "need more", or one typed fault), for any cuts, start and words.
    fuzz(
      "head mutations",
      0.1,
      fc.tuple(heads(), mutations(), cuts(), fc.nat({ max: 4 })),
      ([head, changes, shares, start]) => {
        const bytes = mutated(head, changes);
        const expected = referenceHead(bytes, LIMITS.maxHeadSize, LIMITS.maxHeaders);
        if (expected.fault !== null) expect(PROTOCOL_FAULTS).toHaveProperty(expected.fault);
        expectSame(readIn(chunksAt(bytes, cutsWithin(shares, bytes.length)), start, true), expected);
        expectSame(readIn([bytes], 0, false), expected);
      },
    );
  },
  FUZZ_TIMEOUT,
);

/** What a reader makes of the chunks, put into memory one behind the other from `start` on. */
function readIn(chunks: readonly Uint8Array[], start: number, byWords: boolean): HeadReading {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, start);
  const memory = new Uint8Array((length + 3) & ~3).fill(0xff);
  const words = byWords ? wordsOf(memory) : new Int32Array(0);
  const reader = new HeadReader(LIMITS);
  let done = false;
  let end = start;
  for (const chunk of chunks) {
    memory.set(chunk, end);
    end += chunk.length;
    if (!done) done = reader.read(memory, start, end, words);
  }
  const { fault, startLineLength, count } = reader;
  return {
    done,
    fault,
    size: done ? reader.size : 0,
    startLine: startLineLength < 0 ? null : Buffer.from(memory).toString("latin1", start, start + startLineLength),
    fields: Array.from({ length: count }, (_, at) => [reader.name(memory, start, at), reader.value(memory, start, at)]),
  };
}

/** Heads that keep the rules, near the limits of size and count. */
function heads(): fc.Arbitrary<Uint8Array> {
  const line = fc.constantFrom("HTTP/1.1 200 OK", "HTTP/1.1 101", "GET / HTTP/1.1", "");
  const name = fc.constantFrom("A", "Host", "content-length", "x-0", "~");
  const value = fc.string({ unit: fc.constantFrom("a", " ", "\t", ":", "\x80", "\xff", "0"), maxLength: 12 });
  return fc
    .tuple(line, fc.array(fc.tuple(name, value), { maxLength: 6 }), fc.constantFrom("", "body\r\n"))
    .map(([start, fields, rest]) => {
      const text = `${start}\r\n${fields.map(([key, content]) => `${key}:${content}\r\n`).join("")}\r\n${rest}`;
      return Buffer.from(text, "latin1");
    });
}

function expectSame(seen: HeadReading, expected: HeadReading): void {
  if (!Bun.deepEquals(seen, expected)) expect(seen).toEqual(expected);
}
