import { expect, test } from "bun:test";
import { TimeoutError } from "../../src/codec/errors.ts";
import { wsSettings } from "../../src/ws/options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { PeerServer } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { rejection } from "../socket/support.ts";
import { connectionPair, isSettled, streamPair } from "./support.ts";

test("a silent peer is pinged once, then cut, and the connection ends with WS_LIVENESS_TIMEOUT", async () => {
  const { ws, peer } = await streamPair({ liveness: { pingAfter: 20, deadAfter: 60 }, autoPong: false });
  const error = await rejection(ws.recv(), TimeoutError);
  expect(error).toMatchObject({ code: "WS_LIVENESS_TIMEOUT", timeout: 60, phase: "open" });
  expect(error.message).toBe("Cannot go on: the peer was silent for 60 ms");
  expect(await ws.recv()).toBe(null);
  expect(peer.lines).toEqual(["ping"]);
  await peer.until(({ gone }) => gone);
  expect(peer.closeError).toMatchObject({ code: "CONNECTION_RESET" });
  expect(await ws.closed).toEqual({ code: 1006, reason: "" });
});

test("handlers are told, and close follows", async () => {
  const { diary } = await connectionPair({ liveness: { pingAfter: 10, deadAfter: 30 } });
  await until(() => diary.closed);
  expect(diary.entries).toEqual(["error WS_LIVENESS_TIMEOUT", "close 1006"]);
});

test("any byte counts: half a frame, and the pong that answers the ping", async () => {
  const { ws, peer } = await streamPair({ liveness: { pingAfter: 30, deadAfter: 90 } });
  const first = ws.recv();
  // A frame of which a byte comes at a time, for longer than a silent peer would live.
  const frame = [0x81, 0x06, ...Buffer.from("slowly")];
  for (const byte of frame) {
    await Bun.sleep(25);
    peer.send(Uint8Array.of(byte));
  }
  expect((await first)?.text()).toBe("slowly");
  // From here on only pongs come.
  const second = ws.recv();
  for (let pings = 1; pings <= 4; pings++) {
    await peer.until(({ received }) => received.length >= pings);
    peer.pong();
    expect((await (pings === 1 ? second : ws.recv()))?.kind).toBe("pong");
  }
  expect(peer.lines).toEqual(["ping", "ping", "ping", "ping"]);
  ws.terminate();
});

test("a peer that we hold back is not called silent", async () => {
  using server = new PeerServer();
  const liveness = { pingAfter: 20, deadAfter: 60 };
  const ws = await WsStream.connect(server.url, { liveness, bufferCapacity: 4096, socket: { recvBufferSize: 8192 } });
  const peer = await server.peer();
  const payload = new Uint8Array(1 << 20).fill(1);
  for (let count = 0; count < 16; count++) peer.binary(payload);
  await until(() => peer.waiting > 0);
  await Bun.sleep(200);
  expect(ws.state).toBe("open");
  for (let count = 0; count < 16; count++) expect((await ws.recv())?.length).toBe(payload.length);
  // Now it may send, and does not.
  await rejection(ws.recv(), TimeoutError);
});

test("a program that was busy for long reads what came before it judges", async () => {
  using server = new PeerServer();
  const ws = await WsStream.connect(server.url, { liveness: { pingAfter: 50, deadAfter: 150 } });
  const peer = await server.peer();
  for (let turn = 0; turn < 3; turn++) {
    peer.text(`turn ${turn}`);
    Bun.sleepSync(200);
    expect((await ws.recv())?.text()).toBe(`turn ${turn}`);
  }
  expect(await isSettled(ws.recv())).toBe(false);
  ws.terminate();
});

test("nothing is left of it once the connection is closed", async () => {
  const { ws, peer } = await streamPair({ liveness: { pingAfter: 10, deadAfter: 20 } });
  await ws[Symbol.asyncDispose]();
  await Bun.sleep(50);
  expect(peer.lines).toEqual(["close 1000"]);
  expect(await ws.closed).toEqual({ code: 1000, reason: "" });
});

test.each([
  [{ pingAfter: 0, deadAfter: 10 }, "liveness.pingAfter is 0, not an integer from 1 to 2147483646"],
  [{ pingAfter: 10, deadAfter: 10 }, "liveness.deadAfter is 10, not an integer from 11 to 2147483647"],
  [{ pingAfter: 10, deadAfter: 2 ** 31 }, "liveness.deadAfter is 2147483648, not an integer from 11 to 2147483647"],
])("%o is refused", (liveness, detail) => {
  expect(() => wsSettings({ liveness })).toThrow(`Cannot open WebSocket: ${detail}`);
});
