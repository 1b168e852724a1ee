import { expect, test } from "bun:test";
import fc from "fast-check";
import { PROTOCOL_FAULTS } from "../../../src/codec/errors.ts";
import { responses } from "../../helpers/arbitrary-responses.ts";
import { cuts, cutsWithin, mutated, mutations } from "../../helpers/arbitrary-streams.ts";
import { type Fed, fedReader, responseEvents } from "../../helpers/feed-response-all-ways.ts";
import { FUZZ_TIMEOUT, fuzz } from "../../helpers/fuzz.ts";
import { MEMORIES } from "../../helpers/memories.ts";
import { type ReferenceRules, referenceResponse } from "../../helpers/reference-response.ts";
import { chunksAt } from "../../helpers/splits.ts";

const LIMITS = { maxHeadSize: 200, maxHeaders: 6, maxBodySize: 400 };

test(
  "mutated responses are a response, a wait for more or a typed fault, the same in whatever chunks they come",
  () => {
    // Invariant: any bytes are what the reference reads in them, for any cuts, memory, and whatever was read before; streamed as well, within the limits.
    const readers = MEMORIES.flatMap(({ make }) => [
      fedReader({ ...LIMITS, memory: make(256), debug: true }),
      fedReader({ ...LIMITS, memory: make(4096), debug: false }),
    ]);
    let turn = 0;
    fuzz(
      "response mutations",
      1,
      fc.tuple(responses(), fc.oneof(mutations(), fc.constant([])), cuts(), rules()),
      ([response, changes, shares, rule]) => {
        const bytes = mutated(response, changes);
        const expected = referenceResponse(bytes, rule);
        const fault = /^fail (.*)/.exec(expected.at(-1) ?? "")?.[1];
        if (fault !== undefined && !Object.hasOwn(PROTOCOL_FAULTS, fault)) throw new Error(`no such fault: ${fault}`);
        const fed = readers[turn++ % readers.length] as Fed;
        const chunks = chunksAt(bytes, cutsWithin(shares, bytes.length));
        expectSame(responseEvents(fed, rule, chunks, { late: turn % 3 === 0, stream: false }), expected);
        expectSame(responseEvents(fed, rule, [bytes], { late: false, stream: false }), expected);
        if (fault === "HTTP_BODY_TOO_LARGE") return;
        expectSame(responseEvents(fed, rule, chunks, { late: turn % 2 === 0, stream: true }), expected);
      },
    );
  },
  FUZZ_TIMEOUT,
);

test(
  "heads laid out alike are read by their layout as they are without",
  () => {
    // Invariant: a reader that knows a head's layout says of a changed head of the same size what the reference says.
    const fed = fedReader({ ...LIMITS, memory: MEMORIES[0]?.make(4096) ?? null, debug: false });
    const changes = fc.array(
      fc.tuple(fc.nat({ max: 999 }), fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(9, 32, 48, 57, 58))),
      {
        maxLength: 3,
      },
    );
    fuzz("response layouts", 0.2, fc.tuple(responses(), changes, rules()), ([response, sets, rule]) => {
      const learn = referenceResponse(response, rule);
      for (let again = 0; again < 2; again++) {
        expectSame(responseEvents(fed, rule, [response], { late: false, stream: false }), learn);
      }
      const bytes = Uint8Array.from(response);
      for (const [share, value] of sets) bytes[Math.floor((share * bytes.length) / 1000)] = value;
      expectSame(responseEvents(fed, rule, [bytes], { late: false, stream: false }), referenceResponse(bytes, rule));
    });
  },
  FUZZ_TIMEOUT,
);

function rules(): fc.Arbitrary<ReferenceRules> {
  return fc.record({
    ...{ maxHeadSize: fc.constant(200), maxHeaders: fc.constant(6), maxBodySize: fc.constant(400) },
    method: fc.constantFrom("GET", "GET", "GET", "POST", "HEAD", "CONNECT"),
    upgrade: fc.boolean(),
    eof: fc.boolean(),
  });
}

function expectSame(seen: readonly string[], expected: readonly string[]): void {
  if (!Bun.deepEquals(seen, expected)) expect(seen).toEqual([...expected]);
}
