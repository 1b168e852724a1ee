/**
 * The package `ws` under Node in both roles: it echoes what it is sent over connections that it accepts, and over one to each URL that
 * comes as a line of standard input. The first line it prints is the port it listens on. With `--deflate` it compresses every message.
 */
import { createInterface } from "node:readline";
import { WebSocket, WebSocketServer } from "ws";

const perMessageDeflate = process.argv.includes("--deflate") ? { threshold: 0 } : false;
const options = { maxPayload: 16 << 20, maxFragments: 0, perMessageDeflate };
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, ...options });

const echo = (ws) => {
  ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
  ws.on("error", () => {});
};

server.on("connection", echo);
server.on("listening", () => process.stdout.write(`${server.address().port}\n`));
createInterface({ input: process.stdin })
  .on("line", (url) => echo(new WebSocket(url, options)))
  .on("close", () => process.exit(0));
