/**
 * A server on the package `ws`, under Node: Bun has a shim of its own in its place. It echoes, obeys messages that begin with "!", and
 * prints what it sees as one JSON object a line, the first one with its port.
 */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const http = createServer((_, response) => response.writeHead(426).end("upgrade"));
// Compression is there to be offered: a client that does not must not be given it.
const server = new WebSocketServer({
  noServer: true,
  perMessageDeflate: true,
  maxPayload: 64 << 20,
  handleProtocols: (offered) => (offered.has("v1.json") ? "v1.json" : false),
});

http.on("upgrade", (request, socket, head) => {
  socket.on("error", () => {});
  if (request.url === "/refuse") {
    const body = '{"error":"no key"}';
    socket.end(
      `HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    return;
  }
  server.handleUpgrade(request, socket, head, (ws) => {
    const number = Number(new URL(request.url, "http://h").searchParams.get("number"));
    say({
      event: "open",
      number,
      url: request.url,
      key: request.headers["x-api-key"] ?? null,
      extensions: ws.extensions,
    });
    ws.on("message", (data, isBinary) => {
      const text = isBinary ? "" : data.toString();
      if (text.startsWith("!")) obey(ws, text);
      else ws.send(data, { binary: isBinary });
    });
    ws.on("pong", (data) => ws.send(`ponged ${data}`));
    ws.on("ping", (data) => ws.send(`pinged ${data}`));
    ws.on("close", (code, reason) => say({ event: "close", number, code, reason: reason.toString() }));
    ws.on("error", (error) => say({ event: "error", number, message: String(error) }));
  });
});

function obey(ws, text) {
  const [command, first = "", second = ""] = text.split(" ");
  if (command === "!close") ws.close(first === "" ? undefined : Number(first), second);
  else if (command === "!terminate") ws.terminate();
  else if (command === "!ping") ws.ping(first);
  else if (command === "!big") ws.send(Buffer.alloc(Number(first), "nexus"));
  else if (command === "!fragments") {
    for (let count = Number(first); count > 0; count--) {
      ws.send(`part ${count},`, { fin: count === 1 });
      if (count % 2 === 0) ws.ping("within");
    }
  } else if (command === "!count") for (let count = 0; count < Number(first); count++) ws.send(`count ${count}`);
}

http.listen(0, "127.0.0.1", () => say({ event: "listening", port: http.address().port }));
process.stdin.on("end", () => process.exit(0)).resume();
