import { test } from "bun:test";
import fc from "fast-check";
import { UsageError } from "../../../src/codec/errors.ts";
import type { HeaderStage } from "../../../src/codec/http/request-stages.ts";
import { RequestWriter } from "../../../src/codec/http/request-writer.ts";
import { FUZZ_TIMEOUT, fuzz } from "../../helpers/fuzz.ts";

/** What is asked of a writer: fields by name and value, and a body or none. */
interface Wish {
  readonly path: string;
  readonly fields: readonly (readonly [name: string, value: string | number])[];
  readonly body: string | null;
}

test(
  "a writer that has written before writes what a new one writes",
  () => {
    // Invariant: every request of a row, on one writer, has the bytes that a writer of its own gives it, or is refused with the same code.
    fuzz("requests in a row", 0.4, fc.array(wishes(), { minLength: 2, maxLength: 8 }), (row) => {
      const writer = newWriter();
      for (const wish of row) {
        const expected = written(newWriter(), wish);
        const seen = written(writer, wish);
        if (seen !== expected) throw new Error(`${JSON.stringify(seen)} in place of ${JSON.stringify(expected)}`);
      }
    });
  },
  FUZZ_TIMEOUT,
);

/** The bytes as text, with the codes of what was refused before it. */
function written(writer: RequestWriter, wish: Wish): string {
  const codes: string[] = [];
  const attempt = (ask: () => unknown): void => {
    try {
      ask();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      codes.push(error.code);
    }
  };
  const stage: HeaderStage = wish.body === null ? writer.get(wish.path) : writer.post(wish.path);
  for (const [name, value] of wish.fields) attempt(() => stage.header(name, value));
  if (wish.body !== null) attempt(() => stage.body(wish.body ?? ""));
  let text = "";
  attempt(() => {
    text = Buffer.from(stage.finish().bytes()).toString("latin1");
  });
  return [...codes, text].join("\n");
}

function newWriter(): RequestWriter {
  return new RequestWriter("h", { capacity: 256 }).defaultHeader("X-Key", "k");
}

/** Few names and values, so that much is as in the request before. */
function wishes(): fc.Arbitrary<Wish> {
  const name = fc.constantFrom(
    "A",
    "Bb",
    "X-Timestamp",
    "x-key",
    "Other",
    "Content-Type",
    "Connection",
    "Host",
    "bad name",
  );
  const unit = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom("a", "b", ".", " ") },
    { weight: 1, arbitrary: fc.constantFrom("\r", "\n", "\0", "\x7f", "\t", "\xff", "é", "\u010a", "€", "\ud800") },
  );
  const value = fc.oneof(
    fc.constantFrom("1672531200000", "1672531200001", "close", "0123456789abcdef0123", "0123456789ABCDEF0123"),
    fc.integer({ min: -5, max: 1_000 }),
    fc.string({ unit, maxLength: 24 }),
  );
  return fc.record({
    path: fc.constantFrom("/", "/a?b=c", "/order"),
    fields: fc.array(fc.tuple(name, value), { maxLength: 4 }),
    body: fc.option(fc.oneof(fc.constantFrom("{}", "{1}", "x".repeat(100)), fc.string({ unit, maxLength: 120 }))),
  });
}
