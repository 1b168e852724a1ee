import { describe, expect, spyOn, test } from "bun:test";
import type { HeartbeatOptions } from "../../src/ws/heartbeat.ts";
import { wsSettings } from "../../src/ws/options.ts";
import { turn, until } from "../helpers/wait.ts";
import { connectionPair, readAll, streamPair } from "./support.ts";

const PING = '{"event":"ping"}';
const PONG = '{"event":"pong"}';

describe("what matches", () => {
  test("is answered and not delivered to a stream, whichever way it is read", async () => {
    const { ws, peer } = await streamPair({ heartbeat: { match: PING, reply: PONG } });
    const waiting = ws.recv();
    peer.text(PING).text("one").text(PING).text("two").text(PING);
    expect((await waiting)?.text()).toBe("one");
    expect(ws.tryRecv()?.text()).toBe("two");
    expect(ws.tryRecv()).toBe(null);
    expect(await peer.messages(3)).toEqual(Array.from({ length: 3 }, () => `text ${PONG}`));
    peer.text(PING).close(1000);
    expect(await readAll(ws)).toEqual(["close 1000"]);
  });

  test("is answered and not delivered to handlers, in small chunks and in one that is read in place", async () => {
    const { ws, peer, diary } = await connectionPair({ heartbeat: { match: PING, reply: PONG } });
    peer.text(PING).text("one");
    await turn();
    const many = 200;
    for (let count = 0; count < many; count++) peer.text(PING).text(`message ${count}`);
    await peer.messages(many + 1);
    expect(diary.messages.map((message) => message.kind === "text" && message.text)).toEqual([
      "one",
      ...Array.from({ length: many }, (_, index) => `message ${index}`),
    ]);
    expect(peer.lines).toEqual(Array.from({ length: many + 1 }, () => `text ${PONG}`));
    ws.terminate();
  });

  test("is only the same bytes in a text message", async () => {
    const { ws, peer } = await streamPair({ heartbeat: { match: "pong", reply: "x" } });
    peer
      .text("pon")
      .text("pongs")
      .text("Pong")
      .text("")
      .binary(new TextEncoder().encode("pong"))
      .ping("pong")
      .close(1000);
    expect(await readAll(ws)).toEqual(
      [
        "text pon",
        "text pongs",
        "text Pong",
        "text",
        `binary ${Buffer.from("pong").toString("hex")}`,
        `ping ${Buffer.from("pong").toString("hex")}`,
        "close 1000",
      ].map((line) => (line === "text" ? "text " : line)),
    );
    expect(peer.lines.filter((line) => line.startsWith("text"))).toEqual([]);
  });

  test("may be judged and answered by functions that see the bytes", async () => {
    const heartbeat: HeartbeatOptions = {
      match: (bytes, start, end) => end - start > 8 && bytes[start] === 0x7b && bytes[start + 2] === 0x70,
      reply: (bytes, start, end) => `{"pong":${Buffer.from(bytes.subarray(start + 8, end)).toString()}`,
    };
    const { ws, peer } = await streamPair({ heartbeat });
    peer.text('{"ping":1234}').text('{"data":1}').close(1000);
    expect(await readAll(ws)).toEqual(['text {"data":1}', "close 1000"]);
    expect(peer.lines).toEqual(['text {"pong":1234}', "close 1000"]);
  });

  test("stays a message where such a function throws", async () => {
    const told = spyOn(console, "error").mockImplementation(() => {});
    const fault = new Error("mine");
    const heartbeat: HeartbeatOptions = {
      match: () => {
        throw fault;
      },
    };
    const { ws, peer } = await streamPair({ heartbeat });
    peer.text("kept").close(1000);
    expect(await readAll(ws)).toEqual(["text kept", "close 1000"]);
    expect(told.mock.calls).toEqual([[fault]]);
    told.mockRestore();
  });
});

describe("an interval", () => {
  test("sends heartbeats, until closing begins", async () => {
    const { ws, peer } = await streamPair({ heartbeat: { match: "pong", send: "ping", interval: 5 } });
    expect((await peer.messages(3)).slice(0, 3)).toEqual(["text ping", "text ping", "text ping"]);
    ws.close(1000);
    await readAll(ws);
    const count = peer.received.length;
    await Bun.sleep(30);
    expect(peer.received.length).toBe(count);
    expect(peer.lines.at(-1)).toBe("close 1000");
  });

  test("sends the reply where there is nothing else to send, and ends with the connection", async () => {
    const { peer } = await streamPair({ heartbeat: { reply: "alive", interval: 5 } });
    expect((await peer.messages(2)).slice(0, 2)).toEqual(["text alive", "text alive"]);
    peer.reset();
    await until(() => peer.gone);
    const count = peer.received.length;
    await Bun.sleep(30);
    expect(peer.received.length).toBe(count);
  });
});

test.each([
  [{}, "heartbeat has no match: nothing would be answered"],
  [{ reply: "x" }, "heartbeat has no match: nothing would be answered"],
  [{ match: "x", interval: 5 }, "heartbeat has no send: nothing would go out"],
  [{ match: "x", reply: () => "y", interval: 5 }, "heartbeat has no send: nothing would go out"],
  [{ match: "x", send: "y", interval: 0 }, "heartbeat.interval is 0, not an integer from 1 to 2147483647"],
  [{ match: "x", send: "y", interval: 1.5 }, "heartbeat.interval is 1.5, not an integer from 1 to 2147483647"],
] as const)("%o is refused", (heartbeat, detail) => {
  expect(() => wsSettings({ heartbeat })).toThrow(`Cannot open WebSocket: ${detail}`);
});
