import { expect, test } from "bun:test";
import { Outlet } from "../../../examples/fan-in/outlet.ts";
import { turn } from "../../helpers/wait.ts";
import { connectionPair } from "../../ws/support.ts";

const SMALL = { highWaterMark: 100, writeBufferCapacity: 256 };

/** An outlet to a peer that can be stalled, its `drain` called as the hub does. */
async function outletTo(): Promise<{ outlet: Outlet; pair: Awaited<ReturnType<typeof connectionPair>> }> {
  const pair = await connectionPair(SMALL, {}, { capacity: 64 });
  const outlet = new Outlet(pair.ws);
  pair.diary.onEntry = (_ws, entry) => {
    if (entry === "drain") outlet.drain();
  };
  return { outlet, pair };
}

test("who keeps up gets everything, in order", async () => {
  const { outlet, pair } = await outletTo();
  outlet.offer([
    ["a", "a 1"],
    ["b", "b 1"],
    ["a", "a 2"],
  ]);
  await turn();
  expect(pair.peer.lines).toEqual(["text a 1", "text b 1", "text a 2"]);
  expect(outlet.counts).toEqual({ sent: 3, conflated: 0 });
  expect(outlet.fullFor).toBe(0);
  pair.ws.terminate();
});

test("who does not gets the newest of each key once there is room, those that waited longest first", async () => {
  const { outlet, pair } = await outletTo();
  pair.peer.stall();
  outlet.offer([["long", "x".repeat(300)]]);
  await turn();
  expect(outlet.fullFor).toBeGreaterThan(0);
  for (let number = 1; number <= 5; number++) outlet.offer([["a", `a ${number}`]]);
  outlet.offer([["b", "b 1"]]);
  expect(outlet.counts).toEqual({ sent: 1, conflated: 4 });
  pair.peer.proceed();
  await pair.peer.messages(3);
  expect(pair.peer.lines).toEqual([`text ${"x".repeat(300)}`, "text a 5", "text b 1"]);
  expect([outlet.counts, outlet.fullFor]).toEqual([{ sent: 3, conflated: 4 }, 0]);
  pair.ws.terminate();
});

test("one that is cut is told why, and offered nothing more", async () => {
  const { outlet, pair } = await outletTo();
  outlet.cut();
  outlet.offer([["a", "a 1"]]);
  outlet.cut();
  await turn();
  expect(pair.peer.lines).toEqual(["close 1013 too slow"]);
});
