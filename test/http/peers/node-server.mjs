/** A server on node:http, under Node, whose paths are told in `interop-server.ts`. Prints one line, JSON with its port. */
import { createServer } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";

const ENCODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
const PATTERN = Buffer.from(Uint8Array.from({ length: 1 << 16 }, (_, at) => (at * 31 + (at >> 8) * 7 + 1) & 0xff));

function bytes(length) {
  return Buffer.concat([...Array(length >> 16).fill(PATTERN), PATTERN.subarray(0, length & 0xffff)]);
}

async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

const PATHS = {
  "/echo": async (request, response) => {
    const body = await bodyOf(request);
    const { method, url, rawHeaders } = request;
    response.setHeader("X-Method", method);
    response.setHeader("X-Url", url);
    response.setHeader("X-Fields", JSON.stringify(rawHeaders).slice(0, 4000));
    response.setHeader("Content-Length", body.length);
    response.end(body);
  },
  "/bytes": async (_, response, query) => {
    const all = bytes(Number(query.get("length")));
    if (query.has("chunked")) {
      for (let at = 0; at < all.length; at += 10_000) response.write(all.subarray(at, at + 10_000));
      response.end();
    } else {
      response.setHeader("Content-Length", all.length);
      response.end(all);
    }
  },
  "/status": async (_, response, query) => {
    response.writeHead(Number(query.get("status")));
    response.end();
  },
  "/coded": async (_, response, query) => {
    const coding = query.get("coding");
    response.setHeader("Content-Encoding", coding);
    response.end(ENCODERS[coding](bytes(Number(query.get("length")))));
  },
  "/close": async (_, response) => {
    response.setHeader("Connection", "close");
    response.end("closing");
  },
  "/slow": async (_, response) => {
    for (const word of ["one ", "two ", "three"]) {
      response.write(word);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    response.end();
  },
  "/trailers": async (_, response) => {
    response.writeHead(200, { Trailer: "X-Sum" });
    response.write("body");
    response.addTrailers({ "X-Sum": "4" });
    response.end();
  },
  "/hints": async (_, response) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    response.end("after the hint");
  },
  "/refuse": async (request, response) => {
    request.pause();
    response.writeHead(413, { Connection: "close" });
    response.end("too large");
  },
  "/cut": async (request) => request.socket.destroy(),
  "/half": async (request, response) => {
    response.setHeader("Content-Length", 100);
    response.write("half");
    setTimeout(() => request.socket.destroy(), 5);
  },
};

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://h");
  response.on("error", () => {});
  request.on("error", () => {});
  const answer = PATHS[pathname];
  if (answer === undefined) response.writeHead(404).end("nothing here");
  else answer(request, response, searchParams).catch(() => response.destroy());
});
server.on("upgrade", (_, socket, head) => {
  socket.on("error", () => {});
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\nwelcome ");
  socket.write(head);
  socket.pipe(socket);
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`));
process.stdin.on("end", () => process.exit(0)).resume();
