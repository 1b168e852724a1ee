import { expect, test } from "bun:test";
import { wsSettings } from "../../src/ws/options.ts";
import { SpinDuties } from "../../src/ws/spin-duties.ts";

test("nothing is ever due where nothing was asked for", () => {
  const duties = new SpinDuties(wsSettings({}));
  expect(duties.dueAt).toBe(Number.POSITIVE_INFINITY);
  expect([duties.closeDue(1e15), duties.beatDue(1e15), duties.pingDue(1e15), duties.silenceOver(1e15)]).toEqual([
    false,
    null,
    false,
    null,
  ]);
});

test("heartbeats come an interval apart, however late they are looked for", () => {
  const duties = new SpinDuties(wsSettings({ heartbeat: { send: "beat", interval: 100 } }));
  const first = duties.dueAt;
  expect([duties.beatDue(first - 1), duties.beatDue(first), duties.beatDue(first + 99)]).toEqual([null, "beat", null]);
  expect(duties.beatDue(first + 1000)).toBe("beat");
  expect(duties.dueAt).toBe(first + 1100);
});

test("the limit of the end counts from the first call", () => {
  const duties = new SpinDuties(wsSettings({ closeTimeout: 50 }));
  duties.closing();
  const due = duties.dueAt;
  duties.closing();
  expect(duties.dueAt).toBe(due);
  expect([duties.closeDue(due - 1), duties.closeDue(due)]).toEqual([false, true]);
});

test("a silence is pinged once, then judged; a thread that was away asks first", () => {
  const duties = new SpinDuties(wsSettings({ liveness: { pingAfter: 10, deadAfter: 30 } }));
  const ping = duties.dueAt;
  expect(duties.pingDue(ping - 1)).toBe(false);
  expect(duties.silenceOver(ping + 1000)).toBeNull();
  expect(duties.pingDue(ping + 1000)).toBe(true);
  expect(duties.pingDue(ping + 1000)).toBe(false);
  expect(duties.dueAt).toBe(ping + 1020);
  expect(duties.silenceOver(ping + 1019)).toBeNull();
  expect(duties.silenceOver(ping + 1020)?.code).toBe("WS_LIVENESS_TIMEOUT");
  duties.heard(performance.now());
  expect(duties.silenceOver(ping + 1020)).toBeNull();
});
