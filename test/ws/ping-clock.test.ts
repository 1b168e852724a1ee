import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { Histogram } from "../../src/codec/histogram.ts";
import type { WsOptions } from "../../src/ws/options.ts";
import type { WsStream } from "../../src/ws/stream.ts";
import { joined, utf8 } from "../helpers/bytes.ts";
import { frameBytes } from "../helpers/frames.ts";
import { Wire } from "./support.ts";

let time = 0;
let clock: ReturnType<typeof spyOn<typeof performance, "now">>;

beforeEach(() => {
  time = 1000;
  clock = spyOn(performance, "now").mockImplementation(() => time);
});

afterEach(() => clock.mockRestore());

async function opened(options: WsOptions = {}): Promise<{ wire: Wire; ws: WsStream; trips: Histogram }> {
  const wire = new Wire();
  const ws = await wire.stream({ latency: true, ...options });
  return { wire, ws, trips: ws.latency?.pingRoundTrip ?? new Histogram() };
}

function pong(payload = ""): Uint8Array {
  return frameBytes({ opcode: 10, payload: utf8(payload) });
}

test("a pong's time is that of its read, however late it is taken", async () => {
  const { wire, ws, trips } = await opened();
  ws.sendPing(utf8("a"));
  time += 3;
  wire.transport.deliver(pong("a"));
  time += 50;
  expect(ws.tryRecv()?.kind).toBe("pong");
  expect([trips.count, trips.max]).toEqual([1, 3_000_000]);
  ws.terminate();
});

test("each pong answers the ping whose payload it carries; others answer none", async () => {
  const { wire, ws, trips } = await opened();
  for (const payload of ["a", "b", "c"]) {
    ws.sendPing(utf8(payload));
    time += 10;
  }
  wire.transport.deliver(joined([pong("unasked"), pong(), pong("b"), pong("b"), pong("a"), pong("c")]));
  while (ws.tryRecv() !== null);
  expect([trips.count, trips.min, trips.max]).toEqual([2, 10_000_000, 20_000_000]);
  ws.terminate();
});

test("a payload that is changed after it was sent is not", async () => {
  const { wire, ws, trips } = await opened();
  const payload = utf8("a");
  ws.sendPing(payload);
  payload[0] = 0;
  wire.transport.deliver(pong("a"));
  ws.tryRecv();
  expect(trips.count).toBe(1);
  ws.terminate();
});

test("of many that nobody answers the latest are known", async () => {
  const { wire, ws, trips } = await opened();
  for (let number = 0; number < 100; number++) ws.sendPing(utf8(`${number}`));
  wire.transport.deliver(joined([pong("50"), pong("84"), pong("99")]));
  while (ws.tryRecv() !== null);
  expect(trips.count).toBe(2);
  ws.terminate();
});

test("a ping that could not be sent is not waited for", async () => {
  const { wire, ws, trips } = await opened();
  expect(() => ws.sendPing(new Uint8Array(126))).toThrow();
  wire.transport.deliver(frameBytes({ opcode: 10, payload: new Uint8Array(125) }));
  ws.tryRecv();
  expect(trips.count).toBe(0);
  ws.terminate();
});
