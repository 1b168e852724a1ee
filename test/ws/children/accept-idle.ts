/**
 * Accepts WebSockets, as streams or connections as its first argument says, and echoes text. A line on its standard input says how many are to be
 * open and how many messages to have come, then it prints what it costs, as a line of JSON; its first line is its port. `close` ends it
 * in order: nothing may keep it then.
 */
import { readFileSync } from "node:fs";
import { TcpListener } from "../../../src/socket/tcp-listener.ts";
import type { TcpSocket } from "../../../src/socket/tcp-socket.ts";
import type { WsChannel } from "../../../src/ws/channel.ts";
import { WsConnection } from "../../../src/ws/connection.ts";
import { WsStream } from "../../../src/ws/stream.ts";

const [kind = ""] = process.argv.slice(2);
const open = new Set<WsChannel>();
let received = 0;

async function serve(tcp: TcpSocket): Promise<void> {
  const ws = kind === "stream" ? await WsStream.accept(tcp) : await WsConnection.accept(tcp, HANDLERS);
  open.add(ws);
  if (ws instanceof WsStream) await echo(ws).catch(() => null);
  await ws.closed;
  open.delete(ws);
}

async function echo(ws: WsStream): Promise<void> {
  for (let msg = await ws.recv(); msg !== null; msg = await ws.recv()) {
    received++;
    ws.sendText(msg.text());
  }
}

const HANDLERS: Parameters<typeof WsConnection.accept>[1] = {
  message(ws, msg) {
    received++;
    ws.sendText(msg.text());
  },
  error() {},
};

/** Resident bytes, once what can be collected is. */
async function resident(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    Bun.gc(true);
    await Bun.sleep(10);
  }
  return Number(/^Rss:\s+(\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))?.[1] ?? 0) * 1024;
}

const listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
void (async () => {
  for await (const tcp of listener) void serve(tcp);
})();
console.log(JSON.stringify({ port: listener.port }));
for await (const line of console) {
  if (line === "close") break;
  const [wanted = 0, messages = 0] = line.split(" ").map(Number);
  while (open.size !== wanted || received < messages) await Bun.sleep(2);
  console.log(JSON.stringify({ open: open.size, received, resident: await resident() }));
}
listener.close();
for (const ws of open) ws.terminate();
