import { expect, test } from "bun:test";
import { LatencyRecorder } from "../../src/ws/latency.ts";
import { SpinLoop } from "../../src/ws/spin-loop.ts";
import { SpinWsStream } from "../../src/ws/spin-stream.ts";
import { utf8 } from "../helpers/bytes.ts";
import { testTls } from "../helpers/peer-server.ts";
import { servingTests } from "./spin-support.ts";

const LIMIT = { timeout: 20_000 };
const { open, server } = servingTests();

test("is null where it was not asked for", () => {
  using ws = open("/echo");
  expect(ws.latency).toBeNull();
});

test("each message counts as it is given out, to recv and tryRecv; heartbeats do not", () => {
  using ws = open("/heartbeat", { latency: true, heartbeat: { match: "ping", reply: "pong" } });
  expect(ws.recv(LIMIT)?.text()).toBe("data");
  const { handler } = ws.latency ?? new LatencyRecorder();
  expect(handler.count).toBe(1);
  expect(ws.tryRecv()).toBeNull();
  expect(handler.count).toBe(1);

  const began = performance.now();
  using greeting = open("/greet", { latency: true });
  greeting.recv(LIMIT);
  Bun.sleepSync(5);
  for (let message = greeting.tryRecv(), count = 1; count < 3; message = greeting.tryRecv()) {
    if (message !== null) count++;
  }
  const told = greeting.latency?.handler;
  expect(told?.count).toBe(3);
  expect(told?.min).toBeGreaterThan(0);
  expect(told?.max).toBeLessThan((performance.now() - began) * 1e6);
});

test("to a loop, in one recorder for all its streams", () => {
  const latency = new LatencyRecorder();
  using first = open("/greet", { latency });
  using second = open("/greet", { latency });
  using loop = new SpinLoop([first, second]);
  for (let count = 0; count < 6; count++) loop.recv(LIMIT);
  expect(latency.handler.count).toBe(6);
  expect(latency.connect.total.count).toBe(2);
});

test("a ping's round trip counts, its own and that of liveness", () => {
  using ws = open("/pong", { latency: true, liveness: { pingAfter: 20, deadAfter: 10_000 } });
  const trips = ws.latency?.pingRoundTrip;
  const began = performance.now();
  ws.sendPing(utf8("own"));
  expect(ws.recv(LIMIT)?.kind).toBe("pong");
  expect(trips?.count).toBe(1);
  expect(trips?.max).toBeGreaterThan(0);
  expect(trips?.max).toBeLessThan((performance.now() - began) * 1e6);
  expect(ws.recv(LIMIT)?.kind).toBe("pong");
  expect(trips?.count).toBe(2);
});

test("the phases of connecting add up to no more than all of it", async () => {
  const began = performance.now();
  using secure = await SpinWsStream.connect(server().secureUrl, { tls: testTls(), latency: true });
  const { dns, tcp, proxy, tls, upgrade, total } = secure.latency?.connect ?? fail();
  expect(proxy).toBeNull();
  for (const phase of [tcp, tls, upgrade]) expect(phase).toBeGreaterThan(0);
  expect((dns ?? Number.NaN) + (tcp ?? 0) + (tls ?? 0) + (upgrade ?? 0)).toBeLessThanOrEqual(total);
  expect(total).toBeLessThan((performance.now() - began) * 1e6);

  using plain = open("/echo", { latency: true });
  const { connect } = plain.latency ?? fail();
  expect([connect?.dns, connect?.proxy, connect?.tls]).toEqual([null, null, null]);
  expect(connect?.tcp).toBeGreaterThan(0);
  expect(connect?.upgrade).toBeGreaterThan(0);
});

function fail(): never {
  throw new Error("nothing was measured");
}
