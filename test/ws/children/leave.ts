/** Leaves a WebSocket in the way that its arguments name, to a server at the URL in them, and must then end by itself. */
import { WsConnection } from "../../../src/ws/connection.ts";
import { WsStream } from "../../../src/ws/stream.ts";

const [way = "", url = ""] = process.argv.slice(2);
// A limit that would keep the process if it outlived its connection.
const limits = { connectTimeout: 600_000, tlsTimeout: 600_000, closeTimeout: 600_000 };

const WAYS: Readonly<Record<string, () => Promise<unknown>>> = {
  async close() {
    const ws = await WsStream.connect(url, limits);
    ws.close(1000);
    while ((await ws.recv()) !== null);
  },
  async "close, not read"() {
    (await WsStream.connect(url, limits)).close(1000);
  },
  async "closed by the server"() {
    const ws = await WsStream.connect(url, limits);
    ws.sendText("close");
    while ((await ws.recv()) !== null);
  },
  async "cut by the server"() {
    const ws = await WsStream.connect(url, limits);
    ws.sendText("terminate");
    await ws.recv().catch(() => null);
  },
  async "cut by the server, not read"() {
    (await WsStream.connect(url, limits)).sendText("terminate");
  },
  async terminate() {
    (await WsStream.connect(url, limits)).terminate();
  },
  async dispose() {
    await using ws = await WsStream.connect(url, limits);
    ws.sendText("unread");
  },
  async "close of a connection"() {
    const ws = await WsConnection.connect(url, { message: (connection) => connection.close(1000) }, limits);
    ws.sendText("echo");
    await ws.closed;
  },
  async refused() {
    await WsStream.connect(`${url}refuse`, limits).catch(() => null);
  },
  async aborted() {
    const signal = AbortSignal.timeout(50);
    await WsStream.connect(`${url}silence`, { ...limits, signal }).catch(() => null);
  },
  async "timed out"() {
    await WsStream.connect(`${url}silence`, { ...limits, connectTimeout: 50 }).catch(() => null);
  },
  async "not allowed"() {
    await WsStream.connect(url, { ...limits, headers: { Upgrade: "x" } }).catch(() => null);
  },
};

await WAYS[way]?.();
console.log(way in WAYS ? "left" : "unknown");
