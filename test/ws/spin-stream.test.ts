import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { SpinWaitMode } from "../../src/socket/spin-wait.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { SpinLoop } from "../../src/ws/spin-loop.ts";
import { SpinWsStream } from "../../src/ws/spin-stream.ts";
import { Backend } from "../helpers/backends/backends.ts";
import { failed } from "../helpers/backends/told.ts";
import { joined, utf8 } from "../helpers/bytes.ts";
import { testPath } from "../helpers/certificates.ts";
import { frameBytes } from "../helpers/frames.ts";
import { PeerServer, testTls } from "../helpers/peer-server.ts";
import { lineOf } from "../helpers/ws-peer.ts";
import { readAllNow, SpinServer } from "./spin-support.ts";
import { nameOf } from "./support.ts";

let server: SpinServer;
beforeAll(async () => {
  server = await SpinServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (path: string, options = {}): SpinWsStream => SpinWsStream.connectSync(server.url(path), options);
const line = (ws: SpinWsStream): string => {
  const message = ws.recv({ timeout: 20_000 });
  return message === null ? "null" : lineOf(message.toOwned());
};
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "nothing";
  } catch (error) {
    return nameOf(error);
  }
};

describe("reading", () => {
  for (const wait of ["spin", "poll", "spin-then-poll"] satisfies SpinWaitMode[]) {
    test(`messages come in order, waiting by ${wait}`, () => {
      using ws = open("/greet", { wait });
      expect([line(ws), line(ws), line(ws)]).toEqual(["text hello", "binary 010203", "text grüße"]);
      expect(ws.tryRecv()).toBeNull();
      ws.sendText("x");
    });

    test(`what comes later is waited for by ${wait}`, () => {
      using ws = open("/late", { wait });
      expect(ws.tryRecv()).toBeNull();
      expect(line(ws)).toBe("text late");
    });
  }

  test("a name is resolved with the event loop", async () => {
    using ws = await SpinWsStream.connect(server.url("/greet").replace("127.0.0.1", "localhost"));
    expect(line(ws)).toBe("text hello");
    expect(ws.socketInfo()?.remotePort).toBe(server.port);
  });

  test("frames behind the server's answer are not lost", () => {
    using ws = open("/with-frames");
    expect(line(ws)).toBe("text early");
  });

  test("20,000 messages come whole and in order through a ring of one page, some bytes at a time", () => {
    for (const maxReadSize of [64 << 10, 77]) {
      using ws = open("/flood", { bufferCapacity: 4096, maxReadSize });
      for (let sequence = 0; sequence < 20_000; sequence++) {
        const message = ws.recv();
        const found = message === null ? -1 : Buffer.from(message.bytes()).readUInt32BE(0);
        if (found !== sequence) expect(found).toBe(sequence);
      }
      expect(readAllNow(ws)).toEqual(["close 1000"]);
    }
  });

  test("a message larger than the ring is put together", () => {
    using ws = open("/large", { bufferCapacity: 4096 });
    expect(ws.recv()?.length).toBe(1 << 20);
    expect(line(ws)).toBe("text end");
  });

  test("a timeout throws and leaves the stream as it was", () => {
    using ws = open("/echo");
    expect(codeOf(() => ws.recv({ timeout: 5 }))).toBe("RECV_TIMEOUT");
    expect(codeOf(() => ws.recv({ timeout: 0 }))).toBe("RECV_TIMEOUT");
    expect(codeOf(() => ws.recv({ timeout: -1 }))).toBe("OPTION_OUT_OF_RANGE");
    ws.sendText("still here");
    expect(line(ws)).toBe("text still here");
  });
});

test("a flood of what is no message holds up neither tryRecv nor a timeout", async () => {
  await using backend = await Backend.spin();
  const empty = frameBytes({ opcode: 0, fin: false });
  const beat = frameBytes({ opcode: 1, payload: utf8("beat") });
  for (const [first, flood] of [
    [frameBytes({ opcode: 1, fin: false }), empty],
    [beat, beat],
  ] as const) {
    using peers = new PeerServer({ answersClose: false });
    const ws = await backend.openWs(peers.url, { heartbeat: { match: "beat" }, maxReadSize: 4096 });
    const peer = await peers.peer();
    const many = joined(Array.from({ length: 20_000 }, () => flood));
    const pour = (): void => {
      if (peer.waiting < 1 << 20) peer.send(many);
      if (!peer.gone) setImmediate(pour);
    };
    peer.send(first);
    pour();
    expect(await ws.tryRecv()).toBeNull();
    expect((await failed(ws.recv(100))).code).toBe("RECV_TIMEOUT");
    await ws.terminate();
    await peer.until(({ gone }) => gone);
  }
}, 20_000);

describe("sending", () => {
  test("what is sent comes back: text, bytes, in place, corked", () => {
    using ws = open("/echo");
    expect(ws.sendText("grüße")).toBe(true);
    ws.sendBinary(new Uint8Array([1, 2]));
    ws.sendTextWith(8, (bytes, offset) => bytes.fill(0x61, offset, offset + 3) && offset + 3);
    ws.sendBinaryWith(8, (bytes, offset) => bytes.fill(9, offset, offset + 2) && offset + 2);
    ws.cork(() => {
      ws.sendText("one");
      ws.sendText("two");
    });
    const lines = ["text grüße", "binary 0102", "text aaa", "binary 0909", "text one", "text two"];
    expect(lines.map(() => line(ws))).toEqual(lines);
  });

  test("what the kernel does not take waits, says so, and arrives whole", async () => {
    using ws = open("/stall", { highWaterMark: 1 << 16 });
    const piece = new Uint8Array(1 << 20).fill(5);
    let count = 1;
    while (ws.sendBinary(piece)) count++;
    expect(ws.bufferedAmount).toBeGreaterThan(1 << 16);
    expect(codeOf(() => ws.drained({ timeout: 20 }))).toBe("SEND_TIMEOUT");
    await server.ask("proceed", "/stall");
    ws.drained();
    expect(ws.bufferedAmount).toBeLessThanOrEqual(1 << 15);
    ws.close(1000);
    expect(readAllNow(ws)).toEqual(["close 1000"]);
    const { lines, failure } = await server.ask("gone", "/stall");
    expect(failure).toBeNull();
    expect(lines.length).toBe(count + 1);
    expect(lines[count - 1]?.length).toBe("binary ".length + 2 * piece.length);
  });

  test("messages are compressed in both directions where both agree", () => {
    using ws = open("/deflate", { deflate: { threshold: 0 } });
    expect(ws.deflate?.own.windowBits).toBe(15);
    const texts = ["a".repeat(10_000), "b".repeat(300_000), "c"];
    for (const text of texts) ws.sendText(text);
    expect(texts.map(() => line(ws))).toEqual(texts.map((text) => `text ${text}`));
    using plain = open("/deflate");
    plain.sendText("plain");
    expect([plain.deflate, line(plain)]).toEqual([null, "text plain"]);
  });

  test("pings are answered as they are read, and delivered", async () => {
    {
      using ws = open("/ping");
      expect([line(ws), line(ws), line(ws)]).toEqual(["ping 6869", "text after", "pong 756e61736b6564"]);
      ws.sendPing(new Uint8Array([7]));
      ws.sendPong();
    }
    expect((await server.ask("gone", "/ping")).lines).toEqual(["pong 6869", "ping 07", "pong", "close 1000"]);
  });

  test("autoPong: false leaves them to the program", async () => {
    {
      using ws = open("/ping", { autoPong: false });
      expect(line(ws)).toBe("ping 6869");
    }
    expect((await server.ask("gone", "/ping")).lines).toEqual(["close 1000"]);
  });
});

describe("the end", () => {
  test("the peer's close is one message, then null, and its echo goes out", async () => {
    const ws = open("/close");
    expect(readAllNow(ws)).toEqual(["text last", "close 1001 bye"]);
    expect([ws.recv(), ws.tryRecv(), ws.state, ws.fd]).toEqual([null, null, "ended", -1]);
    expect(ws.closed).toEqual({ code: 1001, reason: "bye" });
    expect(ws.socketInfo()).toBeNull();
    expect((await server.ask("gone", "/close")).lines).toEqual(["close 1001"]);
  });

  test("our close is answered", async () => {
    const ws = open("/silent");
    ws.close(1000, "enough");
    expect(ws.state).toBe("closing");
    expect(codeOf(() => ws.sendText("x"))).toBe("WS_NOT_OPEN");
    expect(readAllNow(ws)).toEqual(["close 1000"]);
    expect((await server.ask("gone", "/silent")).lines).toEqual(["close 1000 enough"]);
  });

  test("RST, a FIN within a frame and a broken protocol throw once", async () => {
    expect(readAllNow(open("/reset"))).toEqual(["error CONNECTION_RESET"]);
    expect(readAllNow(open("/cut"))).toEqual(["error WS_ABNORMAL_CLOSURE"]);
    const ws = open("/invalid");
    expect(readAllNow(ws)).toEqual(["text good", "error WS_RESERVED_BITS"]);
    expect((await server.ask("gone", "/invalid")).lines).toEqual(["close 1002"]);
    expect(ws.fd).toBe(-1);
  });

  test("terminate cuts, and recv says so once", async () => {
    const ws = open("/silent");
    ws.terminate();
    expect([ws.state, ws.fd, ws.tryRecv()]).toEqual(["ended", -1, null]);
    expect(readAllNow(ws)).toEqual(["error WS_TERMINATED"]);
    expect((await server.ask("gone", "/silent")).error).toBe("ECONNRESET");
  });

  test("using closes with 1000 and waits for the end, also after an error", async () => {
    {
      using ws = open("/flood");
      ws.recv();
    }
    expect((await server.ask("gone", "/flood")).lines).toEqual(["close 1000"]);
    {
      using ws = open("/cut");
      ws.sendText("x");
    }
    expect((await server.ask("gone", "/cut")).gone).toBe(true);
  });

  test("no way of ending leaves a descriptor", () => {
    const before = readdirSync("/proc/self/fd").length;
    for (const path of ["/close", "/reset", "/cut", "/invalid", "/refuse"]) {
      if (path === "/refuse") codeOf(() => open(path));
      else readAllNow(open(path));
    }
    open("/silent").terminate();
    open("/silent")[Symbol.dispose]();
    expect(readdirSync("/proc/self/fd").length).toBe(before);
  });
});

describe("opening", () => {
  test("a closed port, a name and options out of range are told as they are", async () => {
    expect(codeOf(() => SpinWsStream.connectSync("ws://127.0.0.1:1/"))).toBe("CONNECT_REFUSED");
    expect(codeOf(() => SpinWsStream.connectSync("ws://localhost/"))).toBe("SPIN_NEEDS_ADDRESS");
    expect(codeOf(() => open("/echo", { maxReadSize: 0 }))).toBe("OPTION_OUT_OF_RANGE");
    expect(codeOf(() => open("/echo", { maxMessageSize: 0 }))).toBe("OPTION_OUT_OF_RANGE");
    await expect(SpinWsStream.connect("ws://name.invalid/")).rejects.toMatchObject({ code: "CONNECT_DNS_FAILED" });
    const signal = AbortSignal.abort();
    await expect(SpinWsStream.connect("ws://localhost:1/", { signal })).rejects.toMatchObject({ code: "ABORTED" });
  });

  test("socket options are set before the SYN and can be read back", () => {
    using ws = open("/echo", { socket: { recvBufferSize: 100_000, noDelay: false, keepAlive: { idle: 10 } } });
    const options = ws.socketInfo()?.options;
    expect(options).toMatchObject({ noDelay: false, keepAlive: true, keepAliveIdle: 10 });
    expect(options?.recvBufferSize).toBeGreaterThanOrEqual(100_000);
  });
});

describe("over TLS", () => {
  for (const wait of ["spin", "poll", "spin-then-poll"] satisfies SpinWaitMode[]) {
    test(`messages of all sizes come back, waiting by ${wait}`, async () => {
      using ws = await SpinWsStream.connect(server.secureUrl, { tls: testTls(), wait, bufferCapacity: 1 << 16 });
      for (const size of [1, 125, 16_384, 100_000, 3 << 20]) {
        ws.sendBinary(new Uint8Array(size).fill(size));
        expect(ws.recv({ timeout: 20_000 })?.toOwned()).toEqual({
          kind: "binary",
          bytes: new Uint8Array(size).fill(size),
        });
      }
      ws.sendText("end");
      expect(line(ws)).toBe("text end");
    });
  }

  test("a burst in one record is read message by message, by a loop too", async () => {
    using ws = await SpinWsStream.connect(server.secureUrl, { tls: testTls(), maxReadSize: 100 });
    using loop = new SpinLoop([ws]);
    ws.cork(() => {
      for (let sent = 0; sent < 500; sent++) ws.sendText(`number ${sent}`);
    });
    for (let came = 0; came < 250; came++) expect(line(ws)).toBe(`text number ${came}`);
    for (let came = 250; came < 500; came++) expect(loop.recv({ timeout: 20_000 })?.text()).toBe(`number ${came}`);
  });

  test("an untrusted certificate opens nothing", async () => {
    const opening = SpinWsStream.connect(server.secureUrl, { tls: new TlsConfig({ ca: testPath("self-signed.crt") }) });
    await expect(opening).rejects.toMatchObject({ code: "TLS_VERIFICATION_FAILED", phase: "tls" });
  });
});

test("the kernel's stamp says when bytes came", () => {
  using ws = open("/late", { timestamps: true });
  const before = Date.now();
  expect(line(ws)).toBe("text late");
  const stamp = Number(ws.kernelReceivedAt ?? 0n) / 1e6;
  expect(stamp).toBeGreaterThanOrEqual(before - 1);
  expect(stamp).toBeLessThanOrEqual(Date.now() + 1);
  using unstamped = open("/greet");
  expect([line(unstamped), unstamped.kernelReceivedAt]).toEqual(["text hello", null]);
});

describe("by the clock of the wait", () => {
  test("heartbeats in text are answered and not delivered, and our own go out", async () => {
    {
      using ws = open("/heartbeat", { heartbeat: { match: "ping", reply: "pong", interval: 10, send: "beat" } });
      expect(line(ws)).toBe("text data");
      expect(codeOf(() => ws.recv({ timeout: 60 }))).toBe("RECV_TIMEOUT");
    }
    const { lines } = await server.ask("gone", "/heartbeat");
    expect(lines).toContain("text pong");
    expect(lines.filter((text) => text === "text beat").length).toBeGreaterThanOrEqual(2);
  });

  test("a silent peer is pinged, then cut", async () => {
    const silent = open("/silent", { liveness: { pingAfter: 10, deadAfter: 40 } });
    expect(readAllNow(silent)).toEqual(["error WS_LIVENESS_TIMEOUT"]);
    expect((await server.ask("gone", "/silent")).lines).toEqual(["ping"]);
  });
});
