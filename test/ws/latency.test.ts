import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { createServer } from "node:net";
import type { Message } from "../../src/codec/ws/message.ts";
import type { ConnectTimes } from "../../src/socket/connect-clock.ts";
import { TcpListener } from "../../src/socket/tcp-listener.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import { LatencyRecorder } from "../../src/ws/latency.ts";
import { wsSettings } from "../../src/ws/options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { joined, pattern, utf8 } from "../helpers/bytes.ts";
import { frameBytes } from "../helpers/frames.ts";
import { PeerServer, testTls } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { connectionPair, Diary, streamPair, Wire } from "./support.ts";

let time = 0;
let looks = 0;
let clock: ReturnType<typeof spyOn<typeof performance, "now">> | null = null;

/** Puts a clock in the place of `performance.now()` that stands still unless a test moves it. */
function holdTime(): void {
  time = 1000;
  clock = spyOn(performance, "now").mockImplementation(() => {
    looks++;
    return time;
  });
}

afterEach(() => {
  clock?.mockRestore();
  clock = null;
});

test("is null where it was not asked for, and then no look at the clock is made for a message", async () => {
  for (const latency of [undefined, false]) {
    const { ws } = await streamPair(latency === undefined ? {} : { latency });
    expect(ws.latency).toBeNull();
    ws.terminate();
  }
  holdTime();
  const wire = new Wire();
  const ws = await wire.connection(new Diary());
  looks = 0;
  wire.transport.deliver(joined(Array.from({ length: 50 }, () => text("a"))));
  expect([ws.latency, looks]).toEqual([null, 1]);
  ws.terminate();
});

test.each([1, "yes", {}, null])("%p is refused", (latency) => {
  expect(() => wsSettings({ latency: latency as never })).toThrow("Cannot open WebSocket: latency is");
});

describe("from the read to the program", () => {
  test.each([20, 4000])(
    "each message of %i bytes that is pushed counts, those before it in its read as well",
    async (size) => {
      holdTime();
      const wire = new Wire();
      const diary = new Diary();
      const ws = await wire.connection(diary, { latency: true });
      diary.onEntry = () => {
        time += 1;
      };
      wire.transport.deliver(joined([binary(size), text("a"), frameBytes({ opcode: 9 })]));
      const { handler } = ws.latency ?? new LatencyRecorder();
      expect([handler.count, handler.min, handler.mean, handler.max]).toEqual([3, 0, 1_000_000, 2_000_000]);
      expect(diary.entries).toHaveLength(4);
      ws.terminate();
    },
  );

  test("the handlers are called as they are without it", async () => {
    const { ws, peer, diary } = await connectionPair({ latency: true, heartbeat: { match: "hb", reply: "ok" } });
    peer.text("a").text("hb").text("b").close(1000, "bye");
    await ws.closed;
    await until(() => diary.closed);
    expect(diary.messages).toEqual([
      { kind: "text", text: "a" },
      { kind: "text", text: "b" },
    ]);
    expect(diary.entries.at(-1)).toBe("close 1000 bye");
    expect(ws.latency?.handler.count).toBe(2);
  });

  test("what is pulled counts as it is handed out, to tryRecv, recv and a loop; heartbeats do not", async () => {
    holdTime();
    const wire = new Wire();
    const ws = await wire.stream({ latency: true, heartbeat: { match: "hb" } });
    const handler = ws.latency?.handler;
    wire.transport.deliver(joined([text("a"), text("hb"), text("b"), text("c")]));
    time += 2;
    expect(ws.tryRecv()?.text()).toBe("a");
    time += 3;
    expect((await ws.recv())?.text()).toBe("b");
    for await (const message of ws) {
      expect(message).toEqual({ kind: "text", text: "c" });
      break;
    }
    expect([handler?.count, handler?.min, handler?.max]).toEqual([3, 2_000_000, 5_000_000]);
    expect(ws.tryRecv()).toBeNull();
    const waiting = ws.recv();
    wire.transport.deliver(joined([text("hb"), text("d")]));
    expect((await waiting)?.text()).toBe("d");
    expect([handler?.count, handler?.min]).toEqual([4, 0]);
    ws.terminate();
  });
});

describe("of connecting", () => {
  const phases = ({ dns, tcp, proxy, tls, upgrade }: ConnectTimes): (number | null)[] => [
    dns,
    tcp,
    proxy,
    tls,
    upgrade,
  ];

  function expectWhole(times: ConnectTimes | null | undefined, had: readonly boolean[]): void {
    if (times === null || times === undefined) throw new Error("nothing was measured");
    const each = phases(times);
    expect(each.map((phase) => phase !== null)).toEqual([...had]);
    const some = each.filter((phase) => phase !== null);
    expect(some.every((phase) => phase >= 0 && Number.isInteger(phase))).toBe(true);
    expect(some.reduce((sum, phase) => sum + phase, 0)).toBeLessThanOrEqual(times.total);
  }

  test("phases are those that there were, and add up to no more than all of it", async () => {
    const began = performance.now();
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url.replace("127.0.0.1", "localhost"), { latency: true });
    expectWhole(ws.latency?.connect, [true, true, false, false, true]);
    expect(ws.latency?.connect?.total).toBeLessThan((performance.now() - began) * 1e6);
    ws.terminate();

    using secure = new PeerServer({ tls: true });
    const handlers = {};
    const other = await WsConnection.connect(secure.url, handlers, { latency: true, tls: testTls() });
    expectWhole(other.latency?.connect, [true, true, false, true, true]);
    expect(other.latency?.connect?.tls).toBeGreaterThan(0);
    other.terminate();
  });

  test("a slow answer is the upgrade's", async () => {
    const { ws } = await streamPair({ latency: true }, {}, { delay: 15 });
    expectWhole(ws.latency?.connect, [false, false, false, false, true]);
    // Two ways of 15 ms, which a timer may round down.
    expect(ws.latency?.connect?.upgrade).toBeGreaterThan(28_000_000);
    ws.terminate();
  });

  test("through a proxy there is one phase for name, addresses and answer", async () => {
    using server = new PeerServer();
    const proxy = createServer((client) => {
      client.once("data", () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        Bun.connect({
          hostname: "127.0.0.1",
          port: server.port,
          socket: {
            data: (_socket, bytes) => void client.write(bytes),
            open: (socket) => void client.on("data", (bytes) => socket.write(bytes)),
          },
        });
      });
      client.on("error", () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as { port: number };
    const ws = await WsStream.connect(server.url, { latency: true, proxy: `http://127.0.0.1:${port}` });
    expectWhole(ws.latency?.connect, [false, false, true, false, true]);
    ws.terminate();
    proxy.close();
  });

  test("the accepting side has none, but the rest", async () => {
    using listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
    const accepted = listener.accept().then((tcp) => (tcp === null ? null : WsStream.accept(tcp, { latency: true })));
    const client = await WsStream.connect(`ws://127.0.0.1:${listener.port}/`, { latency: true });
    const server = await accepted;
    client.sendText("hi");
    await server?.recv();
    expect(server?.latency?.connect).toBeNull();
    expect(server?.latency?.handler.count).toBe(1);
    client.terminate();
    server?.terminate();
  });
});

test("a ping's round trip to a real peer counts, its own and that of liveness", async () => {
  using server = new PeerServer({
    onMessage: (peer, message) => {
      if (message.kind === "ping") peer.pong(Buffer.from(message.bytes).toString());
    },
  });
  const ws = await WsStream.connect(server.url, { latency: true, liveness: { pingAfter: 20, deadAfter: 10_000 } });
  const began = performance.now();
  ws.sendPing(utf8("own"));
  expect((await ws.recv())?.kind).toBe("pong");
  const trips = ws.latency?.pingRoundTrip;
  expect(trips?.count).toBe(1);
  expect(trips?.max).toBeGreaterThan(0);
  expect(trips?.max).toBeLessThan((performance.now() - began) * 1e6);
  // The silence that follows is asked about.
  expect((await ws.recv())?.kind).toBe("pong");
  expect(trips?.count).toBe(2);
  ws.terminate();
});

test("a recorder is shared, is summed up, and forgets", async () => {
  const recorder = new LatencyRecorder();
  expect(JSON.parse(JSON.stringify(recorder))).toEqual({});
  using server = new PeerServer();
  const first = await WsStream.connect(server.url, { latency: recorder });
  const second = await WsStream.connect(server.url, { latency: recorder });
  for (const [index, ws] of [first, second].entries()) {
    (await server.peer(index)).text("a");
    await ws.recv();
    expect(ws.latency?.handler).toBe(recorder.handler);
    expect(ws.latency?.connect).not.toBeNull();
  }
  expect(first.latency?.connect).not.toEqual(second.latency?.connect as never);
  const summary = recorder.toJSON();
  expect(Object.keys(summary).toSorted()).toEqual(["dns", "handler", "tcp", "total", "upgrade"]);
  expect(summary["handler"]?.count).toBe(2);
  expect(summary["total"]?.count).toBe(2);
  recorder.reset();
  expect(recorder.toJSON()).toEqual({});
  for (const ws of [first, second]) ws.terminate();
});

test("a message that is asked for its stamp is the same with and without it", async () => {
  holdTime();
  const stamps: number[] = [];
  const handlers = { message: (_ws: WsConnection, msg: Message) => void stamps.push(msg.receivedAt) };
  for (const latency of [true, false]) {
    const wire = new Wire();
    const diary = new Diary();
    Object.assign(diary.handlers, handlers);
    const ws = await wire.connection(diary, { latency });
    time += 5;
    wire.transport.deliver(text("a"));
    ws.terminate();
  }
  expect(stamps).toEqual([1005, 1010]);
});

function binary(length: number): Uint8Array {
  return frameBytes({ opcode: 2, payload: pattern(length) });
}

function text(content: string): Uint8Array {
  return frameBytes({ opcode: 1, payload: utf8(content) });
}
