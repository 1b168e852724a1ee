import { expect, test } from "bun:test";
import fc from "fast-check";
import { PROTOCOL_FAULTS } from "../../../src/codec/errors.ts";
import type { FrameReader } from "../../../src/codec/ws/frame-reader.ts";
import { cuts, cutsWithin, mutated, mutations, validStreams } from "../../helpers/arbitrary-streams.ts";
import { DRAINS, eventsOf, type Feed, readersFor } from "../../helpers/feed-all-ways.ts";
import { FUZZ_TIMEOUT, fuzz } from "../../helpers/fuzz.ts";
import { referenceEvents } from "../../helpers/reference-decoder.ts";

const LIMITS = { maxFrameSize: 260, maxMessageSize: 280 };

test(
  "valid frames are the same messages in whatever chunks they come",
  () => {
    // Invariant: the events of any valid stream are those of its messages, in order, for any cuts, memory, path and order of taking.
    fuzz("frame chunks", 0.25, fc.tuple(validStreams(), cuts(), ways()), ([{ role, bytes, events }, shares, way]) => {
      for (const feed of feedsOf(readersFor({ role }), bytes, shares, way)) expectSame(eventsOf(feed), events);
    });
  },
  FUZZ_TIMEOUT,
);

test(
  "mutated frames are messages within the limits or a typed protocol fault, the same in whatever chunks they come",
  () => {
    // Invariant: any bytes give what the reference decoder reads in them (messages, then at most one typed failure), for any cuts, memory and path.
    fuzz(
      "frame mutations",
      0.4,
      fc.tuple(validStreams(), mutations(), cuts(), ways()),
      ([stream, changes, shares, way]) => {
        const bytes = mutated(stream.bytes, changes);
        const events = referenceEvents(bytes, stream.role, LIMITS);
        expectTyped(events);
        for (const feed of feedsOf(readersFor({ role: stream.role, ...LIMITS }), bytes, shares, way)) {
          expectSame(eventsOf(feed), events);
        }
      },
    );
  },
  FUZZ_TIMEOUT,
);

test(
  "bytes that were never frames are no more",
  () => {
    // Invariant: as above, for bytes without any order.
    fuzz("frame noise", 0.05, fc.tuple(fc.uint8Array({ maxLength: 60 }), cuts(), ways()), ([bytes, shares, way]) => {
      for (const role of ["client", "server"] as const) {
        const events = referenceEvents(bytes, role, LIMITS);
        for (const feed of feedsOf(readersFor({ role, ...LIMITS }), bytes, shares, way))
          expectSame(eventsOf(feed), events);
      }
    });
  },
  FUZZ_TIMEOUT,
);

/** The stream cut as told on one reader of each path, and whole on another: which ones, the way says. */
function* feedsOf(
  readers: readonly FrameReader[],
  stream: Uint8Array,
  shares: readonly number[],
  way: number,
): Generator<Feed> {
  const fast = readers.filter((reader) => !reader["debug"]);
  const slow = readers.filter((reader) => reader["debug"]);
  const drain = DRAINS[way % DRAINS.length] ?? "each";
  const behindEnd = (way >> 2) % 3 === 0 ? way % 50 : 0;
  const points = cutsWithin(shares, stream.length);
  const first = fast[way % fast.length];
  const second = fast[(way + 1) % fast.length];
  const third = slow[way % slow.length];
  if (first !== undefined) yield { reader: first, stream, cuts: points, drain, behindEnd };
  if (second !== undefined) yield { reader: second, stream, cuts: [], drain: "each", behindEnd: 0 };
  if (third !== undefined) yield { reader: third, stream, cuts: points, drain, behindEnd: 0 };
}

function ways(): fc.Arbitrary<number> {
  return fc.nat({ max: 9_999 });
}

function expectSame(seen: readonly string[], expected: readonly string[]): void {
  if (!Bun.deepEquals(seen, expected)) expect(seen).toEqual([...expected]);
}

function expectTyped(events: readonly string[]): void {
  const failure = /^fail (.*)/.exec(events.at(-1) ?? "")?.[1];
  if (failure !== undefined) expect(PROTOCOL_FAULTS).toHaveProperty(failure);
}
