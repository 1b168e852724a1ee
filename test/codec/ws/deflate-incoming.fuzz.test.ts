import { test } from "bun:test";
import fc from "fast-check";
import type { FrameReader } from "../../../src/codec/ws/frame-reader.ts";
import { cuts, cutsWithin, mutated, mutations } from "../../helpers/arbitrary-streams.ts";
import { joined, utf8 } from "../../helpers/bytes.ts";
import { compressedFrames, inflateWay, inPieces, ReferenceDeflate } from "../../helpers/deflate.ts";
import { bytesEvent } from "../../helpers/events.ts";
import { DRAINS, eventsOf, type Feed, readersFor } from "../../helpers/feed-all-ways.ts";
import { frameBytes } from "../../helpers/frames.ts";
import { FUZZ_TIMEOUT, fuzz } from "../../helpers/fuzz.ts";

test(
  "what zlib compresses is read as it was",
  () => {
    // Invariant: the events of a valid stream are its messages, for any parameters, levels, fragments, kinds of last block, cuts and reader.
    fuzz("inflate", 0.05, fc.tuple(streams(), cuts(), ways()), ([{ bytes, events, options }, shares, way]) => {
      expectSame(eventsOf(feed(chosen(readersFor(options), way), bytes, shares, way)), events);
    });
  },
  FUZZ_TIMEOUT,
);

test(
  "compressed streams that were changed are messages within the limit or one typed failure",
  () => {
    // Invariant: any bytes give messages of at most maxMessageSize, then at most one failure of the table; and the same messages in any cuts.
    // Which of two faults is found first depends on the cuts: what zlib makes of a piece is known only where all of that piece is sound.
    const shapes = fc.tuple(streams(), mutations(), cuts(), ways());
    fuzz("inflate mutations", 0.05, shapes, ([{ bytes, options }, changes, shares, way]) => {
      const readers = readersFor({ ...options, maxMessageSize: LIMIT });
      const changed = mutated(bytes, changes);
      const whole = eventsOf(feed(chosen(readers, way + 1), changed, [], way));
      const cut = eventsOf(feed(chosen(readers, way), changed, shares, way));
      expectSame(cut.map(untold), whole.map(untold));
      const unknown = whole.filter((event) => event.startsWith("fail") && !FAULTS.test(event));
      if (unknown.length > 0 || whole.slice(0, -1).some((event) => event.startsWith("fail"))) {
        throw new Error(`not one failure of the table: ${whole}`);
      }
    });
  },
  FUZZ_TIMEOUT,
);

interface Stream {
  readonly bytes: Uint8Array;
  readonly events: readonly string[];
  readonly options: Parameters<typeof readersFor>[0];
}

function streams(): fc.Arbitrary<Stream> {
  const message = fc.record({
    content: fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.constantFrom("price ", "é€😀", "\0"), fc.nat(2000)).map(([text, times]) => utf8(text.repeat(times))),
    ),
    pieces: fc.integer({ min: 1, max: 4 }),
    final: fc.boolean(),
    level: fc.integer({ min: 0, max: 9 }),
    compressed: fc.boolean(),
    ping: fc.boolean(),
  });
  const parameters = fc.tuple(fc.integer({ min: 8, max: 15 }), fc.boolean());
  return fc.tuple(parameters, fc.array(message, { minLength: 1, maxLength: 6 })).map(([[bits, takeover], messages]) => {
    const peer = new ReferenceDeflate(bits, takeover);
    const parts: Uint8Array[] = [];
    const events: string[] = [];
    for (const { content, pieces, final, level, compressed, ping } of messages) {
      const frames = compressed
        ? compressedFrames(2, inPieces(peer.compress(content, final, level), pieces))
        : [frameBytes({ opcode: 2, payload: content })];
      const within = ping ? frames.length - 1 : frames.length;
      parts.push(...frames.slice(0, within));
      if (ping) parts.push(frameBytes({ opcode: 9 }), ...frames.slice(within));
      if (ping) events.push("ping");
      events.push(bytesEvent("binary", content));
    }
    return { bytes: joined(parts), events, options: { inflate: inflateWay(bits, takeover) } };
  });
}

function ways(): fc.Arbitrary<number> {
  return fc.nat(1000);
}

function chosen(readers: readonly FrameReader[], way: number): FrameReader {
  return readers[way % readers.length] as FrameReader;
}

function feed(reader: FrameReader, stream: Uint8Array, shares: readonly number[], way: number): Feed {
  const drain = DRAINS[way % DRAINS.length] ?? "each";
  return { reader, stream, cuts: cutsWithin(shares, stream.length), drain, behindEnd: 0 };
}

function untold(event: string): string {
  return FAULTS.test(event) ? "fail" : event;
}

function expectSame(seen: readonly string[], events: readonly string[]): void {
  if (!Bun.deepEquals(seen, events)) throw new Error(`read ${seen}\nwhere the stream says ${events}`);
}

const LIMIT = 4000;
const FAULTS = /^fail WS_/;
