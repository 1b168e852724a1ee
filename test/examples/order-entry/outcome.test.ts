import { expect, test } from "bun:test";
import { type LoggedOrder, type Outcome, reconcile } from "../../../examples/order-entry/outcome.ts";

const PLACED: Outcome = { kind: "acknowledged", orderId: 1 };
const REJECTED: Outcome = { kind: "rejected", why: "400: -2010 Duplicate order sent." };
const UNKNOWN: Outcome = { kind: "unknown", why: "REQUEST_TIMEOUT, sent" };

function check(outcomes: Record<string, Outcome>, log: readonly LoggedOrder[]): ReturnType<typeof reconcile> {
  return reconcile(new Map(Object.entries(outcomes)), log, "r-");
}

test("answers that the log bears out; unknown ones are told apart; another's orders are none of ours", () => {
  const log = [
    { clientOrderId: "r-1", orderId: 1 },
    { clientOrderId: "other", orderId: 2 },
    { clientOrderId: "r-3", orderId: 3 },
  ];
  expect(check({ "r-1": PLACED, "r-2": REJECTED, "r-3": UNKNOWN, "r-4": UNKNOWN }, log)).toEqual({
    logged: 2,
    unknownPlaced: 1,
    unknownNotPlaced: 1,
    problems: [],
  });
});

test.each<[why: string, outcomes: Record<string, Outcome>, log: readonly LoggedOrder[], problem: string]>([
  ["lost", { "r-1": PLACED }, [], "r-1 was acknowledged as order 1 and is not in the log"],
  [
    "another's number",
    { "r-1": PLACED },
    [{ clientOrderId: "r-1", orderId: 2 }],
    "r-1 was acknowledged as order 1 and is order 2 in the log",
  ],
  [
    "placed all the same",
    { "r-1": REJECTED },
    [{ clientOrderId: "r-1", orderId: 1 }],
    "r-1 was rejected and is in the log (400: -2010 Duplicate order sent.)",
  ],
  [
    "doubled",
    { "r-1": UNKNOWN },
    [
      { clientOrderId: "r-1", orderId: 1 },
      { clientOrderId: "r-1", orderId: 2 },
    ],
    "r-1 is in the log twice, as order 1 and 2",
  ],
  [
    "looked up as another",
    { "r-1": { ...UNKNOWN, found: 7 } },
    [{ clientOrderId: "r-1", orderId: 1 }],
    "r-1 was looked up as order 7 and is order 1 in the log",
  ],
  [
    "looked up too soon",
    { "r-1": { ...UNKNOWN, found: null } },
    [{ clientOrderId: "r-1", orderId: 1 }],
    "r-1 was looked up as no order and is order 1 in the log",
  ],
  [
    "looked up and lost",
    { "r-1": { ...UNKNOWN, found: 1 } },
    [],
    "r-1 was looked up as order 1 and is no order in the log",
  ],
  ["never sent", {}, [{ clientOrderId: "r-1", orderId: 1 }], "r-1 is in the log and was never sent"],
])("%s", (_, outcomes, log, problem) => {
  expect(check(outcomes, log).problems).toEqual([problem]);
});
