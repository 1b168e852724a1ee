import { describe, expect, test } from "bun:test";
import { type Fault, FaultPlan, parseFault } from "../../../examples/exchange/faults.ts";

describe("read", () => {
  const cases: readonly [text: string, fault: Fault][] = [
    ["gap", { kind: "gap", stream: "depth@100ms", after: 5 }],
    ["gap=trade@20", { kind: "gap", stream: "trade", after: 20 }],
    ["gap=depth20@3", { kind: "gap", stream: "depth20@100ms", after: 3 }],
    ["duplicate=depth@100ms@3", { kind: "duplicate", stream: "depth@100ms", after: 3 }],
    ["duplicate=bookTicker", { kind: "duplicate", stream: "bookTicker", after: 5 }],
    ["stall@7", { kind: "stall", value: 0, after: 7 }],
    ["rst", { kind: "rst", value: 0, after: 100 }],
    ["fin@1", { kind: "fin", value: 0, after: 1 }],
    ["close=1012@500", { kind: "close", value: 1012, after: 500 }],
    ["shutdown=50", { kind: "shutdown", value: 50, after: 100 }],
    ["split=300", { kind: "split", value: 300 }],
    ["coalesce", { kind: "coalesce", value: 65_536 }],
    ["refuse=429", { kind: "refuse", value: 429 }],
  ];
  test.each(cases)("%s", (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });
});

describe("refused", () => {
  test.each(["", "nap", "gap=nothing", "close=abc", "close=0", "stall=3", "split@4", "refuse=503@2", "rst@-1"])(
    "%s",
    (text) => {
      expect(() => parseFault(text)).toThrow(`Cannot read fault: "${text}"`);
    },
  );
});

test("a gap and a duplicate strike each stream of their kind once", () => {
  const plan = new FaultPlan([parseFault("gap=trade@1"), parseFault("duplicate=trade@2")]);
  const copies = (stream: string): number[] => [1, 2, 3, 4].map(() => plan.copies(stream, "trade"));
  expect(copies("a@trade")).toEqual([1, 0, 2, 1]);
  expect(copies("b@trade")).toEqual([1, 0, 2, 1]);
  expect([1, 2, 3].map(() => plan.copies("a@bookTicker", "bookTicker"))).toEqual([1, 1, 1]);
});

test("an ending comes after its count of events, whatever their stream", () => {
  const fault = parseFault("close=1012@3");
  const plan = new FaultPlan([fault]);
  expect<unknown[]>([plan.eventSent(), plan.eventSent(), plan.eventSent(), plan.eventSent()]).toEqual([
    null,
    null,
    fault,
    null,
  ]);
});

test("without faults everything is sent once and at once", () => {
  const plan = new FaultPlan([]);
  expect(plan).toMatchObject({ splitBytes: 0, coalesceBytes: 0, refusal: null });
  expect([plan.copies("a@trade", "trade"), plan.eventSent()]).toEqual([1, null]);
});
