import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { SpinLoop } from "../../src/ws/spin-loop.ts";
import { SpinWsStream } from "../../src/ws/spin-stream.ts";
import { lineOf } from "../helpers/ws-peer.ts";
import { SpinServer } from "./spin-support.ts";
import { nameOf } from "./support.ts";

let server: SpinServer;
beforeAll(async () => {
  server = await SpinServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (path: string, options = {}): SpinWsStream => SpinWsStream.connectSync(server.url(path), options);
const LIMIT = { timeout: 20_000 };

/** All that a loop gives, each with the path of its stream. */
function readAll(loop: SpinLoop, most = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = [];
  while (lines.length < most) {
    try {
      const message = loop.recv(LIMIT);
      if (message === null) break;
      lines.push(`${new URL(loop.source.url).pathname} ${lineOf(message.toOwned())}`);
    } catch (error) {
      lines.push(`${new URL(loop.source.url).pathname} error ${nameOf(error)}`);
    }
  }
  return lines;
}

for (const wait of ["spin", "poll", "spin-then-poll"] as const) {
  test(`of streams that have bytes the first given is read first, by ${wait}`, () => {
    using first = open("/echo");
    using second = open("/echo");
    using loop = new SpinLoop([first, second], { wait });
    for (const ws of [second, first]) ws.sendText("warm");
    expect([loop.recv(LIMIT), loop.recv(LIMIT)]).not.toContain(null);
    for (const ws of [second, first]) for (const text of ["1", "2"]) ws.sendText(text);
    // Both are there by now.
    Bun.sleepSync(50);
    const seen = [0, 1, 2, 3].map(() => {
      const text = loop.recv(LIMIT)?.text();
      return `${loop.source === first ? "first" : "second"} ${text}`;
    });
    expect(seen).toEqual(["first 1", "first 2", "second 1", "second 2"]);
  });
}

test("each end is told once, with its stream, and the others go on; then null", () => {
  const loop = new SpinLoop([open("/close"), open("/cut"), open("/invalid"), open("/flood")]);
  const lines = readAll(loop);
  expect(lines.filter((line) => !line.includes("binary"))).toEqual(
    expect.arrayContaining([
      "/close text last",
      "/close close 1001 bye",
      "/cut error WS_ABNORMAL_CLOSURE",
      "/invalid text good",
      "/invalid error WS_RESERVED_BITS",
      "/flood close 1000",
    ]),
  );
  expect(lines.length).toBe(20_006);
  expect([loop.recv(), loop.recv()]).toEqual([null, null]);
  loop[Symbol.dispose]();
});

test("limits of time and heartbeats of all are looked after", async () => {
  const silent = open("/silent", { liveness: { pingAfter: 5, deadAfter: 15 } });
  using beating = open("/heartbeat", { heartbeat: { match: "ping", reply: "pong", interval: 5, send: "beat" } });
  using loop = new SpinLoop([silent, beating], { wait: "poll" });
  expect(readAll(loop, 2).sort()).toEqual(["/heartbeat text data", "/silent error WS_LIVENESS_TIMEOUT"]);
  expect(() => loop.recv({ timeout: 30 })).toThrow("Cannot receive: no message came within 30 ms");
  beating.close();
  expect(readAll(loop)).toEqual(["/heartbeat close 1005"]);
  const { lines } = await server.ask("gone", "/heartbeat");
  expect(lines).toContain("text pong");
  expect(lines.filter((line) => line === "text beat").length).toBeGreaterThanOrEqual(2);
});

test("what waits to be sent goes out while the loop waits", async () => {
  using stalled = open("/stall");
  using echo = open("/echo");
  using loop = new SpinLoop([echo, stalled]);
  stalled.sendBinary(new Uint8Array(16 << 20));
  expect(stalled.bufferedAmount).toBeGreaterThan(0);
  await server.ask("proceed", "/stall");
  for (let left = 4_000; stalled.bufferedAmount > 0 && left > 0; left--)
    expect(() => loop.recv({ timeout: 5 })).toThrow();
  expect(stalled.bufferedAmount).toBe(0);
});

test("streams that have ended before are over at once, and nothing is left open", () => {
  const before = readdirSync("/proc/self/fd").length;
  const gone = open("/silent");
  gone.terminate();
  const loop = new SpinLoop([gone]);
  expect(readAll(loop)).toEqual(["/silent error WS_TERMINATED"]);
  loop[Symbol.dispose]();
  loop[Symbol.dispose]();
  expect(readdirSync("/proc/self/fd").length).toBe(before);
});
