import { describe, expect, test } from "bun:test";
import { WsConnection } from "../../src/ws/connection.ts";
import type { WsOptions } from "../../src/ws/options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { hex, pattern, utf8 } from "../helpers/bytes.ts";
import { frameBytes } from "../helpers/frames.ts";
import { PeerServer, testTls } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import type { WsPeer } from "../helpers/ws-peer.ts";
import { Diary, nameOf, readAll } from "./support.ts";

/** One way for a connection to end, over real sockets, and what each side sees of it. */
interface Ending {
  readonly name: string;
  readonly act: (peer: WsPeer, ws: WsStream | WsConnection) => unknown;
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
  readonly options?: WsOptions;
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
    act: (_, ws) => ws.close(1000, "done"),
    last: "close 1000",
    code: 1000,
    sent: ["close 1000 done"],
    orderly: true,
  },
  {
    name: "our close, answered by FIN alone",
    act: (peer, ws) => {
      ws.close(1000);
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
    act: (peer, ws) => {
      peer.close(1001);
      ws.close(1000);
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
    act: (_, ws) => void Bun.sleep(5).then(() => ws.terminate()),
    last: "error WS_TERMINATED",
    code: 1006,
    sent: [],
    orderly: false,
  },
];

describe.each([
  ["TCP", false],
  ["TLS", true],
] as const)("over %s", (_, secure) => {
  const tls = secure ? { tls: testTls() } : {};
  // A reset below TLS is told as such, or as an end without a close frame.
  const same = (last: string): string => (secure ? last.replace("CONNECTION_RESET", "WS_ABNORMAL_CLOSURE") : last);

  describe.each(ENDINGS.map((ending) => [ending.name, ending] as const))("%s", (_, ending) => {
    const { act, last, code, reason = "", sent, orderly, answersClose = true, options = {} } = ending;

    test.each(["a recv waits", "nobody waits", "messages are unread"])("is told once by a stream: %s", async (when) => {
      using server = new PeerServer({ tls: secure, answersClose });
      const ws = await WsStream.connect(server.url, { ...options, ...tls });
      const peer = await server.peer();
      const lines: string[] = [];
      let reading: Promise<unknown> = Promise.resolve();
      if (when === "a recv waits") {
        reading = readAll(ws).then((read) => lines.push(...read));
      } else if (when === "messages are unread") {
        for (let count = 0; count < 3; count++) peer.text(`unread ${count}`);
        expect((await ws.recv())?.text()).toBe("unread 0");
      }
      act(peer, ws);
      if (when === "nobody waits") await Bun.sleep(20);
      if (when !== "a recv waits") reading = readAll(ws).then((read) => lines.push(...read));
      await reading;
      const dropped = last === "error WS_TERMINATED";
      const unread = when === "messages are unread" ? ["text unread 1", "text unread 2"] : [];
      expect(dropped ? lines.slice(-1) : lines.map(same)).toEqual([...(dropped ? [] : unread), same(last)]);
      expect(await ws.closed).toEqual({ code, reason });
      expect(ws.state).toBe("ended");
      expect(await ws.recv()).toBeNull();
      expect(ws.tryRecv()).toBeNull();
      expect(await ws.drained().catch(nameOf)).toBe("WS_NOT_OPEN");
      await peer.until(({ gone }) => gone);
      expect(peer.lines).toEqual([...sent]);
      if (!secure) expect(peer.closeError === null).toBe(orderly);
    });

    test("is told once by a connection: error, where there is one, then close", async () => {
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
      const told = diary.entries.filter((entry) => !/^(?:message|batch)/.test(entry)).map(same);
      expect(told).toEqual([...expected.map(same), `close ${code} ${reason}`.trimEnd()]);
      await peer.until(({ gone }) => gone);
      expect(peer.lines).toEqual([...sent]);
    });
  });
});

test("a peer that stalls is cut after closeTimeout, whoever closes", async () => {
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
