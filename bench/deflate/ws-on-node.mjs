// `ws` under Node, in a process of its own: connects where it is given a URL, else it accepts.
import { WebSocket, WebSocketServer } from "ws";
import { Puppet } from "./puppet.mjs";

const [parameters] = process.argv.slice(2);
const { url, level, threshold } = JSON.parse(parameters);
const perMessageDeflate = { zlibDeflateOptions: { level, memLevel: 8 } };
const maxPayload = 64 << 20;

function pull(ws) {
  // Its threshold is of account only where no window is taken over.
  const puppet = new Puppet((text) => ws.send(text, { compress: text.length >= threshold }));
  ws.on("message", (data, isBinary) => {
    if (!isBinary) puppet.take(data.toString());
  });
  ws.on("error", () => {});
}

if (url !== null) pull(new WebSocket(url, { perMessageDeflate, maxPayload }));
else {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate, maxPayload });
  server.on("connection", pull);
  server.on("listening", () => console.log(JSON.stringify({ port: server.address().port })));
  process.stdin.on("end", () => process.exit(0)).resume();
}
