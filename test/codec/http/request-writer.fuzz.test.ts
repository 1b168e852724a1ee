import { expect, test } from "bun:test";
import fc from "fast-check";
import { UsageError } from "../../../src/codec/errors.ts";
import type { HeaderStage, QueryStage } from "../../../src/codec/http/request-stages.ts";
import { RequestWriter } from "../../../src/codec/http/request-writer.ts";
import { FUZZ_TIMEOUT, fuzz } from "../../helpers/fuzz.ts";
import { referenceRequest } from "../../helpers/reference-request.ts";

type Pair = readonly [name: string, value: string];

/** What is asked of a writer. */
interface Wish {
  readonly path: string;
  readonly query: readonly Pair[];
  readonly fields: readonly Pair[];
  readonly body: string | null;
  readonly stamps: readonly (readonly [where: "query" | "header" | "body", name: string, value: string])[];
}

test(
  "whatever is asked for is in the request as it was asked for, or is refused",
  () => {
    // Invariant: the strictest reader finds each wish that was not refused with a REQUEST_ code, and nothing else; a refusal leaves no trace.
    const writer = new RequestWriter("h", { capacity: 512 }).defaultHeaders({ "X-Key": "k", Aa: "d" });
    fuzz("requests", 0.4, wishes(), (wish) => {
      const { path, target, fields, body } = written(writer, wish);
      if (path === null) return;
      const seen = referenceRequest(path);
      expectSame([seen.method, seen.target, seen.body], ["POST", target, body]);
      // A stamp takes no default's place.
      const own = new Set(fields.flatMap((field) => (field.length === 2 ? [field[0].toLowerCase()] : [])));
      const defaults = [
        ["Host", "h"],
        ["X-Key", "k"],
        ["Aa", "d"],
      ].filter(([name = ""]) => !own.has(name.toLowerCase()));
      const length: Pair = ["Content-Length", String(body.length)];
      const stamped = fields.filter((field) => field.length === 3).map(([name, value]) => [name, value]);
      const plain = fields.filter((field) => field.length === 2);
      expectSame(seen.fields, [...defaults, ...plain, length, ...stamped]);
    });
  },
  FUZZ_TIMEOUT,
);

interface Written {
  /** Null where the request as a whole was refused. */
  readonly path: Uint8Array | null;
  readonly target: string;
  /** A third part marks those that were stamped. */
  readonly fields: (readonly [string, string] | readonly [string, string, true])[];
  readonly body: string;
}

/** Asks for one thing after another, and keeps count of what was not refused. */
function written(writer: RequestWriter, wish: Wish): Written {
  const nothing: Written = { path: null, target: "", fields: [], body: "" };
  let stage: QueryStage;
  try {
    stage = writer.post(wish.path);
  } catch (error) {
    accept(error);
    return nothing;
  }
  let target = wish.path;
  const parameter = (name: string, value: string): string =>
    `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`;
  const addQuery = (text: string): void => {
    target += target.includes("?")
      ? target.endsWith("?") && target.indexOf("?") === target.length - 1
        ? ""
        : "&"
      : "?";
    target += text;
  };
  for (const [name, value] of wish.query) if (attempt(() => stage.query(name, value))) addQuery(parameter(name, value));
  const fields: Written["fields"] = [];
  const header: HeaderStage = stage;
  for (const [name, value] of wish.fields) if (attempt(() => header.header(name, value))) fields.push([name, value]);
  let body = "";
  if (wish.body !== null) {
    if (!attempt(() => header.body(wish.body ?? ""))) return nothing;
    body = Buffer.from(wish.body.toWellFormed()).toString("latin1");
  }
  let request: ReturnType<QueryStage["finish"]>;
  try {
    request = stage.finish();
  } catch (error) {
    accept(error);
    return nothing;
  }
  for (const [where, name, value] of wish.stamps) {
    if (where === "query" && attempt(() => request.stampQuery(name, value))) addQuery(parameter(name, value));
    if (where === "header" && attempt(() => request.stampHeader(name, value))) fields.push([name, value, true]);
    if (where === "body" && attempt(() => request.stampBody(name, value)))
      body += `${body === "" ? "" : "&"}${parameter(name, value)}`;
  }
  return { path: request.bytes(), target, fields, body };
}

function attempt(wish: () => unknown): boolean {
  try {
    wish();
    return true;
  } catch (error) {
    accept(error);
    return false;
  }
}

function accept(error: unknown): void {
  if (error instanceof UsageError && error.code.startsWith("REQUEST_")) return;
  throw error;
}

function wishes(): fc.Arbitrary<Wish> {
  const unit = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("a", "B", "-", "0") },
    { weight: 2, arbitrary: fc.constantFrom(" ", "\t", "?", "&", "=", "/", "%", "#", ":", "é", "\xff") },
    {
      weight: 1,
      arbitrary: fc.constantFrom("\r", "\n", "\r\n", "\0", "\x7f", "€", "\u{1f600}", "\ud800", "\u010a", "\u{2028}"),
    },
  );
  const text = fc.oneof(fc.string({ unit, maxLength: 8 }), fc.string({ unit, minLength: 10, maxLength: 60 }));
  const name = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("X-A", "Aa", "aA", "x-key", "Abcdef", "Accept-Encod", "X-Timestamp") },
    { weight: 1, arbitrary: fc.constantFrom("Content-Length", "transfer-encoding", "Host", "Connection", "Expect") },
    { weight: 2, arbitrary: text },
  );
  const plain = fc.string({ unit: fc.constantFrom("a", "B", "1", "."), maxLength: 30 });
  const value = fc.oneof(plain, plain, text);
  return fc.record({
    path: fc.oneof(
      { weight: 4, arbitrary: plain.map((tail) => `/${tail}`) },
      { weight: 1, arbitrary: text.map((tail) => `/${tail}`) },
    ),
    query: fc.array(fc.tuple(value, value), { maxLength: 3 }),
    fields: fc.array(fc.tuple(name, value), { maxLength: 5 }),
    body: fc.option(text),
    stamps: fc.array(fc.tuple(fc.constantFrom<"query" | "header" | "body">("query", "header", "body"), name, value), {
      maxLength: 3,
    }),
  });
}

function expectSame(seen: unknown, expected: unknown): void {
  if (!Bun.deepEquals(seen, expected)) expect(seen).toEqual(expected);
}
