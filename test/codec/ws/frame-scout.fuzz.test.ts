import { expect, test } from "bun:test";
import fc from "fast-check";
import type { FrameReader } from "../../../src/codec/ws/frame-reader.ts";
import { FrameScout } from "../../../src/codec/ws/frame-scout.ts";
import { cuts, cutsWithin, mutated, mutations, validStreams } from "../../helpers/arbitrary-streams.ts";
import { eventOf, failureEvents } from "../../helpers/events.ts";
import { readersFor } from "../../helpers/feed-all-ways.ts";
import { FUZZ_TIMEOUT, fuzz } from "../../helpers/fuzz.ts";
import { referenceEvents } from "../../helpers/reference-decoder.ts";

const LIMITS = { maxFrameSize: 260, maxMessageSize: 280 };

test(
  "each ping and close frame is answered once, ahead of its reading or with it",
  () => {
    // Invariant: what the scout finds, and what the reader lends unseen, is each ping and close frame that the reader lends, once and in order; looking changes nothing that is read.
    const turns = fc.array(fc.constantFrom("look", "take", "take all"), { minLength: 1, maxLength: 8 });
    fuzz(
      "frame scout",
      0.1,
      fc.tuple(validStreams(), fc.option(mutations()), cuts(), turns, fc.nat({ max: 99 })),
      (values) => {
        const [valid, changes, shares, todo, way] = values;
        const stream = changes === null ? valid.bytes : mutated(valid.bytes, changes);
        const readers = readersFor({ role: valid.role, ...LIMITS });
        const reader = readers[way % readers.length];
        if (reader === undefined) throw new Error("Cannot fuzz without a reader");
        reader.reset();
        const { lent, answered } = run(reader, stream, cutsWithin(shares, stream.length), todo);
        const expected = referenceEvents(stream, valid.role, LIMITS);
        expect(lent).toEqual(expected);
        // Beyond a frame that fails in its payload or in what it continues, the scout may have answered more.
        const owed = expected.filter((event) => /^(?:ping|close)/.test(event));
        const failed = expected.at(-1)?.startsWith("fail") ?? false;
        expect(failed ? answered.slice(0, owed.length) : answered).toEqual(owed);
      },
    );
  },
  FUZZ_TIMEOUT,
);

function run(reader: FrameReader, stream: Uint8Array, points: readonly number[], todo: readonly string[]) {
  // A reset reader's scout begins where the reader does.
  const scout = new FrameScout(reader);
  const lent: string[] = [];
  const answered: string[] = [];
  const take = (): boolean => {
    const message = reader.next();
    if (message === null) return false;
    lent.push(eventOf(message));
    if ((message.kind === "ping" || message.kind === "close") && !scout.sawLent) answered.push(eventOf(message));
    return true;
  };
  const look = (): void => {
    for (let message = scout.next(); message !== null; message = scout.next()) answered.push(eventOf(message));
  };
  let pos = 0;
  for (const [at, bound] of [...points, stream.length].entries()) {
    while (pos < bound) {
      const taken = reader.read(stream.subarray(0, bound), pos);
      pos += taken;
      const turn = todo[at % todo.length];
      if (turn === "look") look();
      else if (turn === "take") take();
      if (turn === "take all" || taken === 0) while (take());
    }
  }
  while (take());
  look();
  return { lent: [...lent, ...failureEvents(reader)], answered };
}
