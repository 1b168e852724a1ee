import { expect, test } from "bun:test";
import type { Message } from "../../src/codec/ws/message.ts";
import type { SpinWsStream } from "../../src/ws/spin-stream.ts";
import { pattern } from "../helpers/bytes.ts";
import { lineOf } from "../helpers/ws-peer.ts";
import { servingTests } from "./spin-support.ts";
import { nameOf } from "./support.ts";

const LIMIT = { timeout: 20_000 };
const { open } = servingTests();

/** Keeps what it is given, and does something at each message. */
class Keeping {
  readonly lines: string[] = [];
  readonly #act: (ws: SpinWsStream, message: Message) => void;

  constructor(act: (ws: SpinWsStream, message: Message) => void = () => {}) {
    this.#act = act;
  }

  message(ws: SpinWsStream, message: Message): void {
    this.lines.push(lineOf(message.toOwned()));
    this.#act(ws, message);
  }
}

test("all messages come in order, each once, and the counts add up", () => {
  using ws = open("/greet");
  const handler = new Keeping();
  let count = 0;
  while (count < 3) count += ws.recvAll(handler, LIMIT);
  expect([count, ...handler.lines]).toEqual([3, "text hello", "binary 010203", "text grüße"]);
});

test("long runs, and what is no plain frame between them", () => {
  using ws = open("/echo");
  const payloads = Array.from({ length: 2_000 }, (_, at) =>
    pattern(at % 500 === 499 ? 70_000 : 40 + (at % 900 === 0 ? 1 : 0)),
  );
  const handler = new Keeping();
  for (let sent = 0; sent < payloads.length; sent += 500) {
    ws.cork(() => {
      for (const payload of payloads.slice(sent, sent + 500)) ws.sendBinary(payload);
    });
    while (handler.lines.length < sent + 500) expect(ws.recvAll(handler, LIMIT)).toBeGreaterThan(0);
  }
  expect(handler.lines).toEqual(payloads.map((bytes) => lineOf({ kind: "binary", bytes })));
});

test("pings are answered, and given with the rest", () => {
  using ws = open("/ping");
  const handler = new Keeping();
  while (handler.lines.length < 3) ws.recvAll(handler, LIMIT);
  expect(handler.lines.map((line) => line.split(" ")[0])).toEqual(["ping", "text", "pong"]);
});

test("the close message is the last; then it is 0", () => {
  using ws = open("/close");
  const handler = new Keeping();
  while (ws.recvAll(handler, LIMIT) > 0);
  expect(handler.lines).toEqual(["text last", "close 1001 bye"]);
  expect(ws.recvAll(handler, LIMIT)).toBe(0);
});

test("what the handler throws is thrown, and the messages behind it come with the next call", () => {
  using ws = open("/parts");
  let throws = true;
  const handler = new Keeping(() => {
    if (throws) throw new Error("of the handler");
  });
  expect(() => ws.recvAll(handler, LIMIT)).toThrow("of the handler");
  throws = false;
  expect(ws.recvAll(handler, LIMIT)).toBe(1);
  expect(handler.lines).toEqual(["text a", "text b"]);
});

test("a handler that cuts the connection is given nothing more", () => {
  using ws = open("/parts");
  const handler = new Keeping((it) => it.terminate());
  expect(ws.recvAll(handler, LIMIT)).toBe(1);
  expect(handler.lines).toEqual(["text a"]);
  expect(() => ws.recvAll(handler, LIMIT)).toThrow("was terminated");
  expect(ws.recvAll(handler, LIMIT)).toBe(0);
});

test("a handler may send and close, but not receive", () => {
  using ws = open("/echo");
  ws.cork(() => {
    for (let at = 0; at < 3; at++) ws.sendBinary(pattern(8));
  });
  const codes: string[] = [];
  const handler = new Keeping((it) => {
    try {
      it.recv(LIMIT);
    } catch (error) {
      codes.push(nameOf(error));
    }
    if (handler.lines.length === 3) it.close(1000, "enough");
  });
  while (handler.lines.length < 3) ws.recvAll(handler, LIMIT);
  while (ws.recv(LIMIT) !== null);
  expect(codes).toEqual(["RECV_PENDING", "RECV_PENDING", "RECV_PENDING"]);
  expect(ws.closed?.code).toBe(1000);
});

test("time runs out as it does for recv", () => {
  using ws = open("/silent");
  expect(() => ws.recvAll(new Keeping(), { timeout: 20 })).toThrow("no message came within 20 ms");
});

test("heartbeats are answered and left out, and each message is counted once", () => {
  using ws = open("/heartbeat", { latency: true, heartbeat: { match: "ping", reply: "pong" } });
  const handler = new Keeping();
  while (handler.lines.length < 1) ws.recvAll(handler, LIMIT);
  expect(handler.lines).toEqual(["text data"]);
  expect(ws.latency?.handler.count).toBe(1);
});

test("a message says when it came", () => {
  const began = performance.now();
  using ws = open("/parts");
  const stamps: number[] = [];
  const handler = new Keeping((_, message) => stamps.push(message.receivedAt));
  while (handler.lines.length < 2) ws.recvAll(handler, LIMIT);
  expect(stamps[0]).toBeGreaterThanOrEqual(began);
  expect(stamps[1]).toBe(stamps[0] ?? Number.NaN);
});
