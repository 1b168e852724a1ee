import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import type { Message } from "../../src/codec/ws/message.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { joined, pattern, utf8 } from "../helpers/bytes.ts";
import { fragments, frameBytes } from "../helpers/frames.ts";
import { PeerServer } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { acceptance } from "../helpers/ws-peer.ts";
import { Diary, streamPair, Wire } from "./support.ts";

/** A clock that a test sets, in the place of `performance.now()`. */
let time = 0;
let looks = 0;
let clock: ReturnType<typeof spyOn<typeof performance, "now">>;

beforeEach(() => {
  time = 1000;
  clock = spyOn(performance, "now").mockImplementation(() => {
    looks++;
    return time;
  });
});

afterEach(() => clock.mockRestore());

describe("pushed", () => {
  /** The stamps of all messages that came. */
  async function pushed(wire: Wire, stamps: number[], options = {}): Promise<WsConnection> {
    const diary = new Diary();
    diary.handlers.message = (_ws, msg) => {
      stamps.push((msg as Message).receivedAt);
    };
    return wire.connection(diary, options);
  }

  test("the messages of a read share one stamp, read through the ring or where they lie", async () => {
    const wire = new Wire();
    const stamps: number[] = [];
    await pushed(wire, stamps);
    for (const size of [10, 4000]) {
      stamps.length = 0;
      time += 5;
      looks = 0;
      wire.transport.deliver(joined([binary(size), text("a"), frameBytes({ opcode: 9 }), binary(size)]));
      expect(stamps).toEqual([time, time, time, time]);
      expect(looks).toBe(1);
    }
  });

  test.each([40, 5000])("one of %i bytes that is split over two reads has the second one's", async (size) => {
    const wire = new Wire();
    const stamps: number[] = [];
    await pushed(wire, stamps);
    const bytes = joined([binary(size), binary(size), binary(size)]);
    const cut = Math.floor(bytes.length / 2);
    time = 1;
    wire.transport.deliver(bytes.subarray(0, cut));
    time = 2;
    wire.transport.deliver(joined([bytes.subarray(cut), frameBytes({ opcode: 10 })]));
    expect(stamps).toEqual([1, 2, 2, 2]);
  });

  test("fragments have the last one's", async () => {
    const wire = new Wire();
    const stamps: number[] = [];
    await pushed(wire, stamps);
    for (const [index, fragment] of fragments(2, [pattern(3000), pattern(3000), pattern(5)]).entries()) {
      time = index;
      wire.transport.deliver(fragment);
    }
    expect(stamps).toEqual([2]);
  });

  test("what waited while it was paused keeps its own", async () => {
    const wire = new Wire();
    const stamps: number[] = [];
    const ws = await pushed(wire, stamps, { bufferCapacity: 4096 });
    ws.pause();
    const frame = binary(3000);
    for (time = 1; time < 5; time++) wire.transport.deliver(joined([frame, text("a")]));
    ws.resume();
    await Promise.resolve();
    expect(stamps).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
  });

  test("with heartbeats and a limit of silence, one look at the clock for each read as well", async () => {
    const wire = new Wire();
    const stamps: number[] = [];
    const liveness = { pingAfter: 10_000, deadAfter: 20_000 };
    const ws = await pushed(wire, stamps, { liveness, heartbeat: { match: "hb" } });
    looks = 0;
    wire.transport.deliver(joined([text("hb"), text("a"), text("b")]));
    expect(stamps).toEqual([time, time]);
    expect(looks).toBe(1);
    ws.terminate();
  });

  test("what came with the handshake has a stamp, too", async () => {
    clock.mockRestore();
    const before = performance.now();
    const stamps: number[] = [];
    using server = new PeerServer({
      answer: (request) => joined([utf8(acceptance(request)), text("a"), text("b")]),
    });
    const ws = await WsConnection.connect(server.url, {
      message: (_ws, msg) => {
        stamps.push(msg.receivedAt);
      },
    });
    await until(() => stamps.length === 2);
    const [first = 0, second = 0] = stamps;
    expect(first).toBeGreaterThan(before);
    expect(second).toBeGreaterThanOrEqual(first);
    expect(second).toBeLessThan(performance.now());
    ws.terminate();
  });
});

describe("pulled", () => {
  test("each message has the stamp of its read, however late it is taken, and however often the ring has wrapped", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ bufferCapacity: 4096 });
    const frame = binary(300);
    const wanted: number[] = [];
    for (let turn = 0; turn < 60; turn++) {
      for (let read = 0; read < 10; read++) {
        time++;
        wire.transport.deliver(joined([frame, frame]));
        wanted.push(time, time);
      }
      time += 100;
      for (let left = turn % 7 === 0 ? Number.POSITIVE_INFINITY : 18; left > 0; left--) {
        const message = ws.tryRecv();
        if (message === null) break;
        expect(message.receivedAt).toBe(wanted.shift() ?? -1);
      }
    }
    expect(ws.tryRecv()?.receivedAt).toBe(wanted[0] ?? -1);
    ws.terminate();
  });

  test("a message that recv waited for, and keeps while more comes", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    const waiting = ws.recv();
    time = 7;
    wire.transport.deliver(text("a"));
    time = 8;
    wire.transport.deliver(text("b"));
    const message = await waiting;
    expect(message?.text()).toBe("a");
    expect(message?.receivedAt).toBe(7);
    time = 9;
    wire.transport.deliver(text("c"));
    expect(message?.receivedAt).toBe(7);
    expect((await ws.recv())?.receivedAt).toBe(8);
    expect((await ws.recv())?.receivedAt).toBe(9);
    ws.terminate();
  });

  test("in the debug mode as well", async () => {
    process.env["NEXUS_DEBUG"] = "1";
    try {
      const { ws, peer } = await streamPair();
      time = 50;
      peer.send(joined([text("a"), text("b")]));
      const first = await ws.recv();
      expect(first?.receivedAt).toBe(50);
      expect((await ws.recv())?.receivedAt).toBe(50);
      expect(() => first?.receivedAt).toThrow("Cannot read message");
      ws.terminate();
    } finally {
      delete process.env["NEXUS_DEBUG"];
    }
  });

  test("nobody stamps for the kernel here", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(text("a"));
    expect(ws.tryRecv()?.kernelReceivedAt).toBeNull();
    ws.terminate();
  });

  test("over a socket it lies between the peer's send and now, and grows from read to read", async () => {
    clock.mockRestore();
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url);
    const peer = await server.peer();
    let last = 0;
    for (let turn = 0; turn < 3; turn++) {
      const sent = performance.now();
      peer.text(`${turn}`);
      const stamp = (await ws.recv())?.receivedAt ?? Number.NaN;
      expect(stamp).toBeGreaterThan(sent);
      expect(stamp).toBeLessThan(performance.now());
      expect(stamp).toBeGreaterThan(last);
      last = stamp;
    }
    ws.terminate();
  });
});

function binary(length: number): Uint8Array {
  return frameBytes({ opcode: 2, payload: pattern(length) });
}

function text(content: string): Uint8Array {
  return frameBytes({ opcode: 1, payload: utf8(content) });
}
