import { expect, test } from "bun:test";
import { passOn } from "../../examples/accept.ts";
import { HandshakeError, TcpListener, WsStream } from "../../index.ts";
import { until } from "../helpers/wait.ts";
import { rejection } from "../socket/support.ts";
import { readAll } from "../ws/support.ts";

test("what one client says the others hear, and all are sent away in order", async () => {
  const listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
  const url = `ws://127.0.0.1:${listener.port}/`;
  const log: string[] = [];
  const over = passOn(listener, (line) => void log.push(line));
  const clients = await Promise.all([WsStream.connect(url), WsStream.connect(url), WsStream.connect(url)]);
  await until(() => log.length === 3);
  const [speaker, ...listeners] = clients;
  speaker?.sendText("hello");
  for (const client of listeners) expect((await client.recv())?.text()).toBe("hello");
  expect(speaker?.tryRecv()).toBeNull();
  const error = await rejection(WsStream.connect(`${url}elsewhere`), HandshakeError);
  expect([error.status, error.body]).toEqual([404, "there is only /\n"]);
  listener.close();
  for (const client of clients) expect(await readAll(client)).toEqual(["close 1001 going away"]);
  await over;
  expect(log.at(-1)).toBe("127.0.0.1 left, 0 stay");
});

test("a subscriber that does not read is cut, and holds nobody back", async () => {
  const listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
  const url = `ws://127.0.0.1:${listener.port}/`;
  const log: string[] = [];
  const over = passOn(listener, (line) => void log.push(line));
  const [speaker, good, slow] = await Promise.all([
    WsStream.connect(url),
    WsStream.connect(url),
    WsStream.connect(url, { socket: { recvBufferSize: 4096 }, bufferCapacity: 256 }),
  ]);
  await until(() => log.length === 3);
  const text = "x".repeat(64 << 10);
  let heard = 0;
  const hearing = (async () => {
    for (let msg = await good.recv(); msg !== null; msg = await good.recv()) heard += msg.kind === "text" ? 1 : 0;
  })();
  let said = 0;
  while (!log.some((line) => line.includes("left"))) {
    if (!speaker.sendText(text)) await speaker.drained();
    said++;
    await until(() => heard === said);
  }
  expect(log.at(-1)).toBe("127.0.0.1 left, 2 stay");
  slow.terminate();
  listener.close();
  await Promise.all([hearing, readAll(speaker), over]);
}, 30_000);
