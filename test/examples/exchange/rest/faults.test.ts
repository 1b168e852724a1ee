import { describe, expect, test } from "bun:test";
import { FAULT_FORMS, type Fault, FaultPlan, parseFault } from "../../../../examples/exchange/faults.ts";
import { type RestFault, RestFaultPlan } from "../../../../examples/exchange/rest/faults.ts";

function plan(...texts: string[]): RestFaultPlan {
  return new RestFaultPlan(texts.map((text) => parseFault(text) as RestFault));
}

describe("read", () => {
  test.each<[text: string, fault: Fault]>([
    ["rest-delay", { kind: "rest-delay", value: 50 }],
    ["rest-chunked=1", { kind: "rest-chunked", value: 1 }],
    ["rest-interim", { kind: "rest-interim", value: 0 }],
    ["rest-interim=103", { kind: "rest-interim", value: 103 }],
    ["rest-gzip", { kind: "rest-gzip", value: 0 }],
    ["rest-stray=0@2", { kind: "rest-stray", value: 0, after: 2 }],
    ["rest-close", { kind: "rest-close", value: 0, after: 5 }],
    ["rest-unknown=504@0", { kind: "rest-unknown", value: 504, after: 0 }],
    ["rest-cut", { kind: "rest-cut", when: "after", after: 5 }],
    ["rest-fin=before@3", { kind: "rest-fin", when: "before", after: 3 }],
  ])("%s", (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  test("each form that is listed, without its options", () => {
    const names = FAULT_FORMS.map((form) => form.replace(/\[.*/, ""));
    expect(names.map((name) => parseFault(name).kind)).toEqual(names as Fault["kind"][]);
  });
});

describe("refused", () => {
  test.each([
    "rest-",
    "rest-nap",
    "rest-gzip=1",
    "rest-gzip@1",
    "rest-delay=0",
    "rest-delay@1",
    "rest-interim=99",
    "rest-unknown=404",
    "rest-close=1",
    "rest-cut=during",
    "rest-toString",
  ])("%s", (text) => {
    expect(() => parseFault(text)).toThrow(`Cannot read fault: "${text}"`);
  });
});

test("a strike comes with the request after the first so many, once", () => {
  const faults = plan("rest-unknown@1", "rest-close@1", "rest-cut=before@2", "rest-chunked=3");
  const nothing = { cut: null, failure: null, unknown: null, closes: false, stray: null, truncatedTo: null };
  expect(faults.next()).toEqual(nothing);
  expect(faults.next()).toEqual({ ...nothing, unknown: 503, closes: true });
  expect(faults.next()).toMatchObject({ cut: { when: "before" }, closes: false });
  expect(faults.next()).toEqual(nothing);
  expect([faults.form("rest-chunked"), faults.form("rest-gzip")]).toEqual([3, null]);
});

test("the streams know nothing of it", () => {
  const streams = new FaultPlan([parseFault("rest-close@1"), parseFault("rest-cut@1"), parseFault("rest-delay")]);
  expect([streams.eventSent(), streams.copies("a@trade", "trade")]).toEqual([null, 1]);
});
