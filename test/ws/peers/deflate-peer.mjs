/**
 * Compression by the package `ws` under Node, in both roles. Without an argument it listens, prints its port, and echoes to each client
 * with the parameters that its query holds as JSON. With a URL, parameters and a number it connects, sends that many messages, checks what
 * comes back, and prints what was agreed on.
 */
import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";

const [url, parameters, count] = process.argv.slice(2);
if (url === undefined) listen();
else connect();

function listen() {
  const http = createServer();
  http.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    const { searchParams } = new URL(request.url, "http://h");
    const perMessageDeflate = JSON.parse(searchParams.get("deflate"));
    const server = new WebSocketServer({ noServer: true, perMessageDeflate, maxPayload: 64 << 20 });
    server.handleUpgrade(request, socket, head, (ws) => {
      ws.send(
        `extensions ${ws.extensions === "" ? "none" : JSON.stringify(ws._extensions["permessage-deflate"]?.params)}`,
      );
      ws.on("error", (error) => console.error(String(error)));
      ws.on("message", (data, isBinary) => {
        if (!isBinary && data.toString().startsWith("!fragments ")) sendFragments(ws, data.toString().slice(11));
        else ws.send(data, { binary: isBinary });
      });
    });
  });
  http.listen(0, "127.0.0.1", () => console.log(http.address().port));
  process.stdin.on("end", () => process.exit(0)).resume();
}

function sendFragments(ws, text) {
  for (let pos = 0; pos < text.length; pos += 1000) {
    ws.send(text.slice(pos, pos + 1000), { fin: pos + 1000 >= text.length });
    ws.ping("within");
  }
}

function connect() {
  const ws = new WebSocket(url, { perMessageDeflate: JSON.parse(parameters) });
  const sent = Array.from({ length: Number(count) }, (_, at) => messageOf(at));
  let back = 0;
  ws.on("open", () => {
    for (const message of sent) ws.send(message);
  });
  ws.on("message", (data, isBinary) => {
    const expected = sent[back++];
    const same = isBinary ? Buffer.compare(data, expected) === 0 : data.toString() === expected;
    if (!same) throw new Error(`message ${back - 1} came back changed`);
    if (back === sent.length) ws.close(1000);
  });
  ws.on("close", (code) => console.log(JSON.stringify({ code, back, extensions: ws.extensions })));
}

function messageOf(at) {
  const text = `{"sequence":${at},"price":"${65000 + (at % 17)}"},`.repeat(1 + ((at * 37) % 200));
  return at % 3 === 0 ? Buffer.from(text) : text;
}
