import { expect, test } from "bun:test";
import type { FinishStage, HeaderStage, QueryStage } from "../../../src/codec/http/request-stages.ts";
import { RequestWriter } from "../../../src/codec/http/request-writer.ts";

/** Compiled, not called: each line marked must be an error, or the type check fails. */
export function wrongOrders(writer: RequestWriter): void {
  // @ts-expect-error no query behind a header
  writer.get("/").header("A", "1").query("b", "2");
  // @ts-expect-error no raw query behind a header
  writer.get("/").header("A", "1").queryRaw("b=2");
  // @ts-expect-error no header behind a body
  writer.post("/").body("b").header("A", "1");
  // @ts-expect-error no query behind a body
  writer.post("/").body("b").query("a", "1");
  // @ts-expect-error one body
  writer.post("/").body("b").body("c");
  // @ts-expect-error one body, streamed or not
  writer.post("/").bodyStream(null).bodyJson({});
  // @ts-expect-error nothing behind the end
  writer.get("/").finish().header("A", "1");
  // @ts-expect-error a writer is no request
  writer.header("A", "1");
  // @ts-expect-error a query's value is text or a number
  writer.get("/").query("a", null);
  // @ts-expect-error a field's value is text or a number
  writer.get("/").header("a", undefined);
  // @ts-expect-error a body is text or bytes
  writer.post("/").body({ a: 1 });
}

test("the right order compiles and runs", () => {
  const writer = new RequestWriter("h");
  const query: QueryStage = writer.get("/").query("a", "1").queryRaw("b=2");
  const header: HeaderStage = query.header("C", "3").header("D", 4);
  const body: FinishStage = header.body("e");
  expect(body.finish().end).toBeGreaterThan(0);
  expect(writer.get("/").finish().end).toBeGreaterThan(0);
  expect(writer.get("/").query("a", 1).body("e").finish().end).toBeGreaterThan(0);
});

test("without types the wrong order is refused, and nothing that was finished is written to", () => {
  const writer = new RequestWriter("h");
  const loose = (stage: unknown): QueryStage => stage as QueryStage;
  const orders: readonly (() => unknown)[] = [
    () => loose(writer.get("/").header("A", "1")).query("b", "2"),
    () => loose(writer.get("/").header("A", "1")).queryRaw("b=2"),
    () => loose(writer.post("/").body("b")).header("A", "1"),
    () => loose(writer.post("/").body("b")).query("a", "1"),
    () => loose(writer.post("/").body("b")).body("c"),
    () => loose(writer.post("/").bodyStream(null)).bodyJson({}),
    () => loose(writer.post("/").body("b")).bodyWith(1, (_bytes, offset) => offset),
    () => {
      const stage = writer.get("/");
      stage.finish();
      stage.finish();
    },
    () => {
      const stage = writer.get("/");
      stage.finish();
      stage.header("A", "1");
    },
    () => {
      const stage = writer.get("/");
      expect(() => writer.get("/ ")).toThrow("path");
      stage.finish();
    },
  ];
  for (const order of orders) expect(order).toThrow(expect.objectContaining({ code: "REQUEST_STAGE" }));
});
