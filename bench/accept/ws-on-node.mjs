// `ws` under Node, in a process of its own: Bun replaces the package by one of its own when it is imported there.
// Plain JavaScript, and its own copy of what tally.ts does, because Node 20 reads no TypeScript.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, maxPayload: 64 << 20 });
server.on("connection", (ws, request) => {
  const echoes = request.url === "/echo";
  let messages = 0;
  let bytes = 0;
  let started = 0;
  let usage = process.cpuUsage();
  ws.on("message", (data, isBinary) => {
    if (echoes) {
      ws.send(data, { binary: isBinary });
      return;
    }
    if (!isBinary && data.toString("latin1", 0, 4) === "end ") {
      const { user, system } = process.cpuUsage(usage);
      const wall = (performance.now() - started) * 1e6;
      ws.send(JSON.stringify({ messages, bytes, wall, cpu: (user + system) * 1_000 }));
      return;
    }
    if (messages === 0) {
      started = performance.now();
      usage = process.cpuUsage();
    }
    messages++;
    bytes += data.length;
  });
  ws.on("error", () => {});
});
server.on("listening", () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.on("end", () => process.exit(0)).resume();
