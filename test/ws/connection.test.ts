import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { WsConnection } from "../../src/ws/connection.ts";
import { hex, joined, utf8 } from "../helpers/bytes.ts";
import { fragments, frameBytes } from "../helpers/frames.ts";
import { PeerServer } from "../helpers/peer-server.ts";
import { turn, until } from "../helpers/wait.ts";
import { connectionPair, Diary, Wire } from "./support.ts";

const text = (value: string): Uint8Array => frameBytes({ opcode: 1, payload: utf8(value) });
const close = (code: number): Uint8Array => frameBytes({ opcode: 8, payload: Uint8Array.of(code >> 8, code & 255) });

const complaints = spyOn(console, "error").mockImplementation(() => {});
afterEach(() => {
  complaints.mockClear();
});

async function open(options = {}): Promise<{ wire: Wire; diary: Diary; ws: WsConnection }> {
  const wire = new Wire();
  const diary = new Diary();
  return { wire, diary, ws: await wire.connection(diary, options) };
}

describe("delivery", () => {
  test("is synchronous, message by message, with one batch for each chunk", async () => {
    const { wire, diary, ws } = await open();
    wire.transport.deliver(joined([text("a"), text("b")]));
    expect(diary.entries).toEqual(["message text a", "message text b", "batch 2"]);
    wire.transport.deliver(text("c").slice(0, 2));
    wire.transport.deliver(text("c").slice(2));
    expect(diary.entries.slice(3)).toEqual(["message text c", "batch 1"]);
    ws.terminate();
  });

  test("counts pings and pongs, and not the close frame", async () => {
    const { wire, diary } = await open();
    wire.transport.deliver(joined([frameBytes({ opcode: 9 }), frameBytes({ opcode: 10 }), close(1000)]));
    expect(diary.entries).toEqual(["message ping", "message pong", "batch 2"]);
    wire.transport.end();
    wire.transport.close(null);
    expect(diary.entries.slice(3)).toEqual(["close 1000"]);
  });

  test("of what came with the handshake happens before connect resolves", async () => {
    using server = new PeerServer({
      onPeer: (peer) => void peer.until(({ request }) => request !== null).then(() => peer.text("early")),
    });
    const diary = new Diary();
    const ws = await WsConnection.connect(server.url, diary.handlers);
    await until(() => diary.entries.length === 2);
    expect(diary.entries).toEqual(["message text early", "batch 1"]);
    ws.terminate();
  });

  test("needs no handler at all", async () => {
    const wire = new Wire();
    const diary = new Diary();
    for (const key of Object.keys(diary.handlers)) delete (diary.handlers as Record<string, unknown>)[key];
    const ws = await wire.connection(diary);
    wire.transport.deliver(text("a"));
    ws.close(1000);
    wire.transport.deliver(close(1000));
    wire.transport.end();
    wire.transport.close(null);
    expect(await ws.closed).toEqual({ code: 1000, reason: "" });
    expect(complaints).not.toHaveBeenCalled();
  });

  test("calls handlers as methods of their object", async () => {
    const wire = new Wire();
    const seen: string[] = [];
    const handlers = {
      name: "mine",
      message(): void {
        seen.push(this.name);
      },
      close(): void {
        seen.push(this.name);
      },
    };
    const ws = await wire.connection({ handlers } as unknown as Diary);
    wire.transport.deliver(text("a"));
    ws.terminate();
    expect(seen).toEqual(["mine", "mine"]);
  });
});

describe("a handler that throws", () => {
  test("goes to error, and the rest of the chunk is delivered", async () => {
    const { wire, diary, ws } = await open();
    diary.onEntry = (_, entry) => {
      if (entry === "message text b" || entry === "batch 3") throw new Error(`in ${entry}`);
    };
    wire.transport.deliver(joined([text("a"), text("b"), text("c")]));
    expect(diary.entries).toEqual([
      "message text a",
      "message text b",
      "error in message text b",
      "message text c",
      "batch 3",
      "error in batch 3",
    ]);
    expect(ws.state).toBe("open");
    wire.transport.deliver(text("d"));
    expect(diary.entries.slice(6)).toEqual(["message text d", "batch 1"]);
    diary.onEntry = () => {};
    ws.terminate();
  });

  test("may be each of them, every time: nothing escapes, and nothing else is lost", async () => {
    const { wire, diary, ws } = await open({ highWaterMark: 10 });
    diary.onEntry = () => {
      throw new Error("always");
    };
    wire.transport.deliver(joined([text("a"), text("b")]));
    wire.transport.room = 0;
    ws.sendText("over the high-water mark");
    wire.transport.room = 100;
    wire.transport.drain();
    wire.transport.deliver(close(1000));
    wire.transport.end();
    wire.transport.close(null);
    expect(diary.entries).toEqual([
      "message text a",
      "error always",
      "message text b",
      "error always",
      "batch 2",
      "error always",
      "drain",
      "error always",
      "close 1000",
      "error always",
    ]);
    // What the error handler throws has nowhere else to go.
    expect(complaints).toHaveBeenCalledTimes(5);
    expect(await ws.closed).toEqual({ code: 1000, reason: "" });
  });

  test("goes to the console where there is no error handler", async () => {
    const wire = new Wire();
    const diary = new Diary();
    delete (diary.handlers as { error?: unknown }).error;
    diary.onEntry = (_, entry) => {
      if (entry.startsWith("message")) throw new Error("unheard");
    };
    await wire.connection(diary);
    wire.transport.deliver(joined([text("a"), frameBytes({ opcode: 3 })]));
    expect(diary.entries).toEqual(["message text a", "batch 1", "close 1006"]);
    expect(complaints.mock.calls.map(([error]) => String(error))).toEqual([
      "Error: unheard",
      expect.stringContaining("the opcode is reserved"),
    ]);
    wire.transport.close(null);
  });

  test("throws what is no Error, too", async () => {
    const { wire, diary, ws } = await open();
    diary.onEntry = (_, entry) => {
      if (entry.startsWith("message")) throw "a string";
    };
    wire.transport.deliver(text("a"));
    expect(diary.errors).toEqual(["a string"]);
    diary.onEntry = () => {};
    ws.terminate();
  });

  test("does not cut a real socket", async () => {
    using server = new PeerServer();
    const diary = new Diary();
    diary.onEntry = (_, entry) => {
      if (entry.startsWith("message")) throw new Error("thrown");
    };
    const ws = await WsConnection.connect(server.url, diary.handlers);
    const peer = await server.peer();
    peer.text("a").ping("b");
    expect(await peer.messages(1)).toEqual(["pong 62"]);
    peer.text("c");
    await until(() => diary.entries.includes("message text c"));
    expect(ws.state).toBe("open");
    ws.terminate();
  });
});

describe("a handler that acts", () => {
  test("sends from every handler, in order", async () => {
    const { wire, diary, ws } = await open();
    diary.onEntry = (connection, entry) => {
      if (connection.state === "open") connection.sendText(entry);
    };
    wire.transport.deliver(joined([text("a"), text("b")]));
    expect(wire.sent()).toEqual(["text message text a", "text message text b", "text batch 2"]);
    ws.terminate();
  });

  test("closes within message: the rest is delivered all the same", async () => {
    const { wire, diary } = await open();
    diary.onEntry = (ws, entry) => {
      if (entry === "message text a") ws.close(1000);
    };
    wire.transport.deliver(joined([text("a"), text("b")]));
    wire.transport.deliver(joined([text("c"), close(1000)]));
    wire.transport.end();
    wire.transport.close(null);
    expect(diary.entries).toEqual([
      "message text a",
      "message text b",
      "batch 2",
      "message text c",
      "batch 1",
      "close 1000",
    ]);
    expect(wire.sent()).toEqual(["close 1000"]);
  });

  test("terminates within message: nothing more is delivered, close comes once", async () => {
    const { wire, diary, ws } = await open();
    diary.onEntry = (connection, entry) => {
      if (entry === "message text a") connection.terminate();
    };
    wire.transport.deliver(joined([text("a"), text("b")]), text("c"));
    expect(diary.entries).toEqual(["message text a", "batch 1", "close 1006"]);
    expect(ws.state).toBe("ended");
    await ws.closed;
  });

  test("terminates within batch, drain, error and close", async () => {
    for (const when of ["batch", "drain", "error", "close"]) {
      const { wire, diary, ws } = await open({ highWaterMark: 10 });
      diary.onEntry = (connection, entry) => {
        if (entry.startsWith(when)) connection.terminate();
      };
      wire.transport.deliver(text("a"));
      wire.transport.room = 0;
      if (ws.state === "open") ws.sendText("over the high-water mark");
      wire.transport.room = 100;
      wire.transport.drain();
      wire.transport.deliver(joined([text("b"), frameBytes({ opcode: 3 })]));
      wire.transport.end();
      wire.transport.close(null);
      await ws.closed;
      expect(
        diary.entries.filter((entry) => entry.startsWith("close")),
        when,
      ).toEqual(["close 1006"]);
      expect(diary.entries.at(-1), when).toBe("close 1006");
    }
  });

  test("pauses within message: delivery stops there and goes on where it stopped", async () => {
    const { wire, diary, ws } = await open();
    diary.onEntry = (connection, entry) => {
      if (entry === "message text b") connection.pause();
    };
    wire.transport.deliver(joined([text("a"), text("b"), text("c")]));
    wire.transport.deliver(text("d"));
    expect(diary.entries).toEqual(["message text a", "message text b", "batch 2"]);
    expect(wire.transport.calls).toEqual(["pause"]);
    ws.resume();
    ws.resume();
    expect(diary.entries).toHaveLength(3);
    await turn();
    expect(diary.entries.slice(3)).toEqual(["message text c", "message text d", "batch 2"]);
    expect(wire.transport.calls).toEqual(["pause", "resume"]);
    ws.terminate();
  });

  test("pauses and resumes at once, and pauses again before delivery goes on", async () => {
    const { wire, diary, ws } = await open();
    diary.onEntry = (connection, entry) => {
      if (!entry.startsWith("message")) return;
      connection.pause();
      connection.resume();
    };
    wire.transport.deliver(joined([text("a"), text("b")]));
    expect(diary.entries).toEqual(["message text a", "message text b", "batch 2"]);
    diary.onEntry = () => {};
    ws.pause();
    wire.transport.deliver(text("c"));
    ws.resume();
    ws.pause();
    await turn();
    expect(diary.entries).toHaveLength(3);
    ws.resume();
    await turn();
    expect(diary.entries.slice(3)).toEqual(["message text c", "batch 1"]);
    ws.terminate();
  });

  test("opens another connection within message", async () => {
    using server = new PeerServer();
    const diary = new Diary();
    let second: Promise<WsConnection> | null = null;
    const other = new Diary();
    diary.onEntry = (_, entry) => {
      if (entry === "message text open") second = WsConnection.connect(server.url, other.handlers);
    };
    const ws = await WsConnection.connect(server.url, diary.handlers);
    (await server.peer(0)).text("open");
    const peer = await server.peer(1);
    await peer.until(({ request }) => request !== null);
    peer.text("second");
    await until(() => other.entries.length === 2);
    expect(other.entries).toEqual(["message text second", "batch 1"]);
    ws.terminate();
    (await (second as Promise<WsConnection> | null))?.terminate();
  });
});

describe("a large chunk", () => {
  // Chunks of 2 KiB and more are read where they lie.
  const filler = Array.from({ length: 100 }, (_, at) => text(`filler ${at}`.padEnd(50)));
  const fillerEntries = Array.from({ length: 100 }, (_, at) => `message text ${`filler ${at}`.padEnd(50)}`);

  test("is delivered in order, with all that is not plain within it", async () => {
    const { wire, diary, ws } = await open();
    const odd = [
      frameBytes({ opcode: 9, payload: utf8("p") }),
      frameBytes({ opcode: 1, payload: utf8("x".repeat(70_000)) }),
      ...fragments(1, [utf8("a"), utf8("b"), utf8("c")]),
      frameBytes({ opcode: 1 }),
      frameBytes({ opcode: 10 }),
    ];
    wire.transport.deliver(joined([...filler, ...odd, ...filler, ...odd]));
    const entries = [
      "message ping 70",
      `message text ${"x".repeat(70_000)}`,
      "message text abc",
      "message text ",
      "message pong",
    ];
    expect(diary.entries).toEqual([...fillerEntries, ...entries, ...fillerEntries, ...entries, "batch 210"]);
    expect(wire.sent()).toEqual(["pong 70", "pong 70"]);
    ws.terminate();
  });

  test("cut anywhere is the same", async () => {
    const frames = [
      ...filler,
      frameBytes({ opcode: 9 }),
      text("é".repeat(700)),
      ...fragments(2, [hex("01"), hex("02")]),
      ...filler,
    ];
    const stream = joined(frames);
    for (let cut = stream.length - 5300; cut > 5200 && cut < stream.length - 2048; cut++) {
      const { wire, diary, ws } = await open();
      wire.transport.deliver(stream.slice(0, cut), stream.slice(cut));
      const messages = diary.entries.filter((entry) => !entry.startsWith("batch"));
      const expected = [
        ...fillerEntries,
        "message ping",
        `message text ${"é".repeat(700)}`,
        "message binary 0102",
        ...fillerEntries,
      ];
      if (!Bun.deepEquals(messages, expected)) expect({ cut, messages }).toEqual({ cut, messages: expected });
      ws.terminate();
    }
  });

  test.each<[why: string, code: string, frame: Uint8Array]>([
    ["a plain text frame", "WS_INVALID_UTF8", frameBytes({ opcode: 1, payload: hex("6162ff63") })],
    [
      "a text frame with a 64-bit length",
      "WS_INVALID_UTF8",
      frameBytes({ opcode: 1, payload: new Uint8Array(70_000).fill(97).fill(0xff, 69_999) }),
    ],
    ["the last byte of a text frame", "WS_INVALID_UTF8", frameBytes({ opcode: 1, payload: hex("61626364ff") })],
    ["a fragment", "WS_INVALID_UTF8", frameBytes({ opcode: 1, fin: false, payload: hex("ff") })],
    ["a frame of a reserved kind", "WS_RESERVED_OPCODE", frameBytes({ opcode: 5, payload: hex("ff") })],
    ["a close frame", "WS_CLOSE_CODE", close(1006)],
  ])("with a fault in %s ends there, wherever it is cut before", async (_, code, frame) => {
    const before = joined([text("first"), frame]);
    for (let cut = 0; cut < Math.min(before.length, 40); cut++) {
      const { wire, diary } = await open();
      wire.transport.deliver(before.slice(0, cut), joined([before.slice(cut), ...filler, ...filler]), joined(filler));
      const entries = diary.entries.filter((entry) => !entry.startsWith("batch"));
      expect(entries, `cut at ${cut}`).toEqual(["message text first", `error ${code}`, "close 1006"]);
      wire.transport.close(null);
    }
  });

  test("behind a close frame is dropped, wherever it is cut before", async () => {
    const before = joined([text("first"), close(1000)]);
    for (let cut = 0; cut < before.length; cut++) {
      const { wire, diary } = await open();
      wire.transport.deliver(before.slice(0, cut), joined([before.slice(cut), ...filler, ...filler]), joined(filler));
      wire.transport.end();
      wire.transport.close(null);
      const entries = diary.entries.filter((entry) => !entry.startsWith("batch"));
      expect(entries, `cut at ${cut}`).toEqual(["message text first", "close 1000"]);
    }
  });

  test("that a handler stops in goes on where it stopped", async () => {
    for (const stop of ["throw", "pause", "pause and throw", "terminate", "terminate and resume"]) {
      const { wire, diary, ws } = await open();
      let stopped = false;
      diary.onEntry = (connection, entry) => {
        if (entry !== fillerEntries[40] || stopped) return;
        stopped = true;
        if (stop.includes("pause") || stop.includes("resume")) connection.pause();
        if (stop.includes("terminate")) connection.terminate();
        if (stop.includes("resume")) connection.resume();
        if (stop.includes("throw")) throw new Error("thrown");
      };
      wire.transport.deliver(joined(filler), joined(filler));
      await turn();
      ws.resume();
      await turn();
      diary.onEntry = () => {};
      const messages = diary.entries.filter((entry) => entry.startsWith("message"));
      const all = [...fillerEntries, ...fillerEntries];
      expect(messages, stop).toEqual(stop.includes("terminate") ? all.slice(0, 41) : all);
      ws.terminate();
      expect(diary.entries.at(-1), stop).toBe("close 1006");
    }
  });

  test("has its pings answered while the connection is paused, whenever that was", async () => {
    const pings = joined([...filler, frameBytes({ opcode: 9, payload: utf8("p") }), ...filler]);
    for (const when of ["before", "within", "within, and throws", "within the frame before"]) {
      const { wire, diary, ws } = await open();
      diary.onEntry = (connection, entry) => {
        if (entry !== fillerEntries[3] || !when.startsWith("within")) return;
        connection.pause();
        if (when.endsWith("throws")) throw new Error("thrown");
      };
      if (when === "before") ws.pause();
      if (when === "within the frame before") {
        wire.transport.deliver(pings.slice(0, 180));
        wire.transport.deliver(pings.slice(180));
      } else {
        wire.transport.deliver(pings);
      }
      await turn();
      expect(wire.sent(), when).toEqual(["pong 70"]);
      diary.onEntry = () => {};
      ws.resume();
      await turn();
      expect(wire.sent(), when).toEqual(["pong 70"]);
      expect(diary.messages, when).toHaveLength(201);
      ws.terminate();
    }
  });
});

describe("a paused connection", () => {
  test("keeps what is unread through the close timeout, and closes once it was delivered", async () => {
    const { wire, diary, ws } = await open({ closeTimeout: 20 });
    ws.pause();
    wire.transport.deliver(joined([text("a"), text("b")]));
    ws.close(1000);
    await ws.closed;
    expect(diary.entries).toEqual([]);
    ws.resume();
    await turn();
    expect(diary.entries).toEqual([
      "message text a",
      "message text b",
      "batch 2",
      "error WS_CLOSE_TIMEOUT",
      "close 1006",
    ]);
  });

  test("keeps what is unread through a reset", async () => {
    const { wire, diary, ws } = await open();
    ws.pause();
    wire.transport.deliver(text("a"));
    wire.transport.close(Object.assign(new Error("reset"), { code: "CONNECTION_RESET" }));
    expect(await ws.closed).toEqual({ code: 1006, reason: "" });
    expect(diary.entries).toEqual([]);
    ws.resume();
    await turn();
    expect(diary.entries).toEqual(["message text a", "batch 1", "error CONNECTION_RESET", "close 1006"]);
  });

  test("is told of terminate, before the reset and after it", async () => {
    for (const first of ["terminate", "reset"]) {
      const { wire, diary, ws } = await open();
      ws.pause();
      wire.transport.deliver(text("a"));
      if (first === "reset") wire.transport.close(Object.assign(new Error("reset"), { code: "CONNECTION_RESET" }));
      ws.terminate();
      expect(diary.entries).toEqual(first === "reset" ? ["error CONNECTION_RESET", "close 1006"] : ["close 1006"]);
      ws.resume();
      await turn();
      expect(diary.entries.at(-1)).toBe("close 1006");
    }
  });

  test("answers the peer's close frame, and tells of it after what is unread", async () => {
    const { wire, diary, ws } = await open();
    ws.pause();
    wire.transport.deliver(joined([text("a"), close(1001)]));
    await turn();
    expect(wire.sent()).toEqual(["close 1001"]);
    wire.transport.end();
    wire.transport.close(null);
    expect(await ws.closed).toEqual({ code: 1001, reason: "" });
    expect(diary.entries).toEqual([]);
    ws.resume();
    await turn();
    expect(diary.entries).toEqual(["message text a", "batch 1", "close 1001"]);
  });

  test("holds a real peer back, and loses nothing", async () => {
    using server = new PeerServer();
    const diary = new Diary();
    const ws = await WsConnection.connect(server.url, diary.handlers, { bufferCapacity: 4096 });
    const peer = await server.peer();
    ws.pause();
    const block = "x".repeat(1000);
    for (let count = 0; count < 20_000; count++) peer.text(`${count} ${block}`);
    await peer.until(({ bytesSent }) => bytesSent > 0);
    await Bun.sleep(50);
    expect(peer.waiting).toBeGreaterThan(1 << 20);
    expect(diary.entries).toEqual([]);
    ws.resume();
    await until(() => diary.messages.length === 20_000);
    for (const [at, message] of diary.messages.entries()) {
      if (message.kind !== "text" || message.text !== `${at} ${block}`) throw new Error(`not message ${at}`);
    }
    ws.terminate();
  });
});

describe("drain", () => {
  test("comes once after a send said false", async () => {
    const { wire, diary, ws } = await open({ highWaterMark: 100 });
    wire.transport.room = 0;
    expect(ws.sendText("x".repeat(90))).toBe(true);
    expect(ws.sendText("over")).toBe(false);
    expect(ws.sendText("more")).toBe(false);
    wire.transport.room = 1000;
    wire.transport.drain();
    wire.transport.drain();
    expect(diary.entries).toEqual(["drain"]);
    expect(wire.sent()).toHaveLength(3);
    ws.terminate();
  });

  test("does not come once nothing can be sent, and never after close", async () => {
    for (const end of [close(1000), frameBytes({ opcode: 3 })]) {
      const { wire, diary, ws } = await open({ highWaterMark: 10 });
      wire.transport.room = 0;
      ws.sendText("over the high-water mark");
      wire.transport.deliver(end);
      wire.transport.end();
      wire.transport.room = 1000;
      wire.transport.drain();
      wire.transport.close(null);
      expect(diary.entries.filter((entry) => entry === "drain")).toEqual([]);
      expect(diary.entries.at(-1)).toMatch(/^close/);
      await ws.closed;
    }
  });

  test("within a cork whose one write was taken lets the program go on", async () => {
    const { diary, ws } = await open({ highWaterMark: 10 });
    expect(ws.cork(() => ws.sendText("over the high-water mark"))).toBe(true);
    expect(diary.entries).toEqual(["drain"]);
    await ws.drained();
    ws.terminate();
  });
});

describe("close", () => {
  test.each<[how: string, act: (wire: Wire, ws: WsConnection) => void, entries: string[]]>([
    ["the peer's close frame", (wire) => wire.transport.deliver(close(1012)), ["close 1012"]],
    ["the peer's empty close frame", (wire) => wire.transport.deliver(frameBytes({ opcode: 8 })), ["close 1005"]],
    ["FIN", () => {}, ["error WS_ABNORMAL_CLOSURE", "close 1006"]],
    ["a fault", (wire) => wire.transport.deliver(hex("8f00")), ["error WS_RESERVED_OPCODE", "close 1006"]],
    ["terminate", (_, ws) => ws.terminate(), ["close 1006"]],
    ["our close, unanswered", (_, ws) => void ws.close(1000), ["error WS_ABNORMAL_CLOSURE", "close 1006"]],
  ])("by %s comes once, and last", async (_, act, entries) => {
    const { wire, diary, ws } = await open();
    act(wire, ws);
    wire.transport.end();
    wire.transport.close(null);
    await ws.closed;
    await turn();
    ws.terminate();
    ws.close();
    expect(diary.entries).toEqual(entries);
  });

  test("gives the peer's reason", async () => {
    const { peer, diary } = await connectionPair();
    peer.close(4001, "no more, é").end();
    await until(() => diary.closed);
    expect(diary.entries).toEqual(["close 4001 no more, é"]);
  });
});
