import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { WsConnection } from "../../src/ws/connection.ts";
import type { WsOptions } from "../../src/ws/options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { BACKENDS, type Backend } from "../helpers/backends/backends.ts";
import { failed } from "../helpers/backends/told.ts";
import { hex, pattern, utf8 } from "../helpers/bytes.ts";
import { testPath } from "../helpers/certificates.ts";
import { frameBytes } from "../helpers/frames.ts";
import { PeerServer, testTls } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import type { WsPeer } from "../helpers/ws-peer.ts";
import { Diary, nameOf, readAll } from "./support.ts";

/** What ends of either kind of stream, in whichever process it is. */
interface Ended {
  close(code?: number, reason?: string): unknown;
  terminate(): unknown;
}

/** One way for a connection to end, over real sockets, and what each side sees of it. */
interface Ending {
  readonly name: string;
  readonly act: (peer: WsPeer, ws: Ended) => unknown;
  /** We act, too: not a thread that waits. */
  readonly ours?: boolean;
  /** What a stream gives last: `close …`, or `error CODE`. */
  readonly last: string;
  /** What `closed` resolves with, and a connection's `close` says. */
  readonly code: number;
  readonly reason?: string;
  /** What the peer gets. */
  readonly sent: readonly string[];
  /** The peer sees an orderly end, not a reset. */
  readonly orderly: boolean;
  readonly answersClose?: boolean;
  readonly options?: Pick<WsOptions, "closeTimeout" | "maxFrameSize" | "liveness">;
}

const ENDINGS: readonly Ending[] = [
  {
    name: "the peer's close frame, then its FIN",
    act: (peer) => peer.close(1001, "going away").end(),
    last: "close 1001 going away",
    code: 1001,
    reason: "going away",
    sent: ["close 1001"],
    orderly: true,
  },
  {
    name: "the peer's close frame, its FIN once we have answered",
    act: (peer) =>
      void peer
        .close(4000)
        .until(({ received }) => received.length > 0)
        .then(() => peer.end()),
    last: "close 4000",
    code: 4000,
    sent: ["close 4000"],
    orderly: true,
    answersClose: false,
  },
  {
    name: "the peer's close frame, and no FIN",
    act: (peer) => peer.close(),
    last: "close 1005",
    code: 1005,
    sent: ["close 1005"],
    orderly: false,
    answersClose: false,
    options: { closeTimeout: 50 },
  },
  {
    name: "the peer's close frame, then RST",
    act: (peer) =>
      void peer
        .close(1011)
        .until(({ received }) => received.length > 0)
        .then(() => peer.reset()),
    last: "close 1011",
    code: 1011,
    sent: ["close 1011"],
    orderly: true,
    answersClose: false,
  },
  {
    name: "our close, answered",
    ours: true,
    act: (_, ws) => ws.close(1000, "done"),
    last: "close 1000",
    code: 1000,
    sent: ["close 1000 done"],
    orderly: true,
  },
  {
    name: "our close, answered by FIN alone",
    ours: true,
    act: async (peer, ws) => {
      await ws.close(1000);
      void peer.until(({ received }) => received.length > 0).then(() => peer.end());
    },
    last: "error WS_ABNORMAL_CLOSURE",
    code: 1006,
    sent: ["close 1000"],
    orderly: false,
    answersClose: false,
  },
  {
    name: "our close, not answered",
    ours: true,
    act: (_, ws) => ws.close(1000),
    last: "error WS_CLOSE_TIMEOUT",
    code: 1006,
    sent: ["close 1000"],
    orderly: false,
    answersClose: false,
    options: { closeTimeout: 50 },
  },
  {
    name: "both close frames at once",
    ours: true,
    act: async (peer, ws) => {
      peer.close(1001);
      await ws.close(1000);
      void peer.until(({ received }) => received.length > 0).then(() => peer.end());
    },
    last: "close 1001",
    code: 1001,
    sent: ["close 1000"],
    orderly: true,
    answersClose: false,
  },
  {
    name: "FIN between two messages",
    act: (peer) => peer.end(),
    last: "error WS_ABNORMAL_CLOSURE",
    code: 1006,
    sent: [],
    orderly: false,
  },
  {
    name: "FIN in the middle of a frame",
    act: (peer) => peer.send(frameBytes({ opcode: 1, payload: utf8("half"), announced: 100n })).end(),
    last: "error WS_ABNORMAL_CLOSURE",
    code: 1006,
    sent: [],
    orderly: false,
  },
  {
    name: "FIN in the middle of a large message",
    act: (peer) => peer.send(frameBytes({ opcode: 2, payload: pattern(300_000), announced: 1_000_000n })).end(),
    last: "error WS_ABNORMAL_CLOSURE",
    code: 1006,
    sent: [],
    orderly: false,
  },
  {
    name: "silence in the middle of a frame",
    act: (peer) => peer.send(frameBytes({ opcode: 1, payload: utf8("half"), announced: 100n })),
    last: "error WS_LIVENESS_TIMEOUT",
    code: 1006,
    sent: ["ping"],
    orderly: false,
    options: { liveness: { pingAfter: 100, deadAfter: 200 } },
  },
  {
    name: "RST",
    act: (peer) => void Bun.sleep(5).then(() => peer.reset()),
    last: "error CONNECTION_RESET",
    code: 1006,
    sent: [],
    orderly: true,
  },
  {
    name: "bad UTF-8",
    act: (peer) => peer.send(frameBytes({ opcode: 1, payload: hex("eda080") })).end(),
    last: "error WS_INVALID_UTF8",
    code: 1006,
    sent: ["close 1007"],
    orderly: true,
  },
  {
    name: "a message that is too large",
    act: (peer) => peer.send(frameBytes({ opcode: 2, announced: 17n << 20n })).end(),
    last: "error WS_MESSAGE_TOO_LARGE",
    code: 1006,
    sent: ["close 1009"],
    orderly: true,
    options: { maxFrameSize: 1 << 30 },
  },
  {
    name: "a frame that is masked, by a peer that then says nothing",
    act: (peer) => peer.send(frameBytes({ opcode: 1, key: hex("01020304") })),
    last: "error WS_MASKED_FRAME",
    code: 1006,
    sent: ["close 1002"],
    orderly: false,
    answersClose: false,
    options: { closeTimeout: 50 },
  },
  {
    name: "terminate",
    ours: true,
    act: (_, ws) => Bun.sleep(5).then(() => ws.terminate()),
    last: "error WS_TERMINATED",
    code: 1006,
    sent: [],
    orderly: false,
  },
];

const PLACES = [
  ["TCP", false],
  ["TLS", true],
] as const;

// A reset below TLS is told as such, or as an end without a close frame.
const same = (last: string, secure: boolean): string =>
  secure ? last.replace("CONNECTION_RESET", "WS_ABNORMAL_CLOSURE") : last;

const BY_NAME = ENDINGS.map((ending) => [ending.name, ending] as const);

describe.each(BACKENDS)("the %s backend", (_, start) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await start();
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  describe.each(PLACES)("over %s", (__, secure) => {
    const tls = secure ? { tls: { ca: testPath("ca.crt") } } : {};

    describe.each(BY_NAME)("%s", (___, ending) => {
      const { act, last, code, reason = "", sent, orderly, answersClose = true, options = {}, ours = false } = ending;

      test.each(["a recv waits", "nobody waits", "messages are unread"])(
        "is told once by a stream: %s",
        async (when) => {
          using server = new PeerServer({ tls: secure, answersClose });
          const before = await backend.socketsOpen();
          const ws = await backend.openWs(server.url, { ...options, ...tls });
          const peer = await server.peer();
          // A thread that waits does nothing else: where it is its turn it acts first.
          const waits = when === "a recv waits" && !(ours && backend.name === "spin");
          const reading = waits ? ws.readAll() : null;
          if (when === "messages are unread") {
            for (let count = 0; count < 3; count++) peer.text(`unread ${count}`);
            expect(await ws.recv()).toBe("text unread 0");
          }
          const acted = act(peer, ws);
          if (ours) await acted;
          if (when === "nobody waits") await Bun.sleep(20);
          const lines = await (reading ?? ws.readAll());
          const dropped = last === "error WS_TERMINATED";
          const unread = when === "messages are unread" ? ["text unread 1", "text unread 2"] : [];
          expect(dropped ? lines.slice(-1) : lines.map((line) => same(line, secure))).toEqual([
            ...(dropped ? [] : unread),
            same(last, secure),
          ]);
          expect(await ws.closure()).toEqual({ code, reason });
          expect(await ws.state()).toBe("ended");
          expect(await ws.recv()).toBeNull();
          expect(await ws.tryRecv()).toBeNull();
          expect((await failed(ws.drained())).code).toBe("WS_NOT_OPEN");
          await peer.until(({ gone }) => gone);
          expect(peer.lines).toEqual([...sent]);
          if (!secure) expect(peer.closeError === null).toBe(orderly);
          if (backend.name === "spin") expect(await backend.socketsOpen()).toBe(before);
        },
      );
    });
  });

  test("a client that reads slowly holds the peer back, and loses nothing", async () => {
    using server = new PeerServer();
    const ws = await backend.openWs(server.url, { bufferCapacity: 16 << 10 });
    const peer = await server.peer();
    const count = 24;
    for (let sent = 0; sent < count; sent++) peer.binary(new Uint8Array(1 << 20).fill(sent));
    for (let came = 0; came < count; came++) {
      if (came === 1) {
        await Bun.sleep(50);
        expect(peer.waiting).toBeGreaterThan(0);
      }
      const message = await ws.recvBytes();
      expect([message?.kind, message?.bytes.length, message?.bytes[0], message?.bytes.at(-1)]).toEqual([
        "binary",
        1 << 20,
        came,
        came,
      ]);
    }
    await ws.dispose();
  });

  test("a peer that stalls is cut after closeTimeout, whoever closes", async () => {
    using server = new PeerServer();
    for (const [index, how] of ["close", "dispose", "theirs"].entries()) {
      const ws = await backend.openWs(server.url, { closeTimeout: 100, highWaterMark: 65_536 });
      const peer = await server.peer(index);
      peer.stall();
      expect(await ws.sendBinary(new Uint8Array(16 << 20))).toBe(false);
      if (how === "theirs") peer.close(1000);
      else if (how === "close") await ws.close(1000);
      else await ws.dispose();
      const lines = await ws.readAll();
      if (how === "dispose") expect(backend.name === "spin" ? [] : ["error WS_CLOSE_TIMEOUT"]).toEqual(lines);
      else expect(lines, how).toEqual([how === "theirs" ? "close 1000" : "error WS_CLOSE_TIMEOUT"]);
      expect(await ws.closure(), how).toEqual({ code: how === "theirs" ? 1000 : 1006, reason: "" });
    }
  });
});

describe.each(PLACES)("a connection over %s", (_, secure) => {
  const tls = secure ? { tls: testTls() } : {};

  describe.each(BY_NAME)("%s", (__, ending) => {
    const { act, last, code, reason = "", sent, answersClose = true, options = {} } = ending;

    test("is told once: error, where there is one, then close", async () => {
      using server = new PeerServer({ tls: secure, answersClose });
      const diary = new Diary();
      const ws = await WsConnection.connect(server.url, diary.handlers, { ...options, ...tls });
      const peer = await server.peer();
      peer.text("one").text("two");
      await until(() => diary.messages.length === 2);
      act(peer, ws);
      const expected = last.startsWith("error") && last !== "error WS_TERMINATED" ? [last] : [];
      expect(await ws.closed).toEqual({ code, reason });
      await until(() => diary.closed);
      const told = diary.entries
        .filter((entry) => !/^(?:message|batch)/.test(entry))
        .map((entry) => same(entry, secure));
      expect(told).toEqual([...expected.map((entry) => same(entry, secure)), `close ${code} ${reason}`.trimEnd()]);
      await peer.until(({ gone }) => gone);
      expect(peer.lines).toEqual([...sent]);
    });
  });
});

test("who waits for room at a peer that stalls is told when it is cut", async () => {
  using server = new PeerServer();
  for (const [index, how] of ["close", "dispose", "theirs"].entries()) {
    const ws = await WsStream.connect(server.url, { closeTimeout: 100, highWaterMark: 65_536 });
    const peer = await server.peer(index);
    peer.stall();
    expect(ws.sendBinary(new Uint8Array(16 << 20))).toBe(false);
    const room = ws.drained().catch(nameOf);
    if (how === "theirs") peer.close(1000);
    else if (how === "close") ws.close(1000);
    const lines = how === "dispose" ? await ws[Symbol.asyncDispose]().then(() => readAll(ws)) : await readAll(ws);
    expect(lines, how).toEqual([how === "theirs" ? "close 1000" : "error WS_CLOSE_TIMEOUT"]);
    expect(await ws.closed, how).toEqual({ code: how === "theirs" ? 1000 : 1006, reason: "" });
    expect(await room, how).toMatch(/WS_CLOSE_TIMEOUT|WS_NOT_OPEN/);
  }
});
