/** Two servers, plain and TLS, for clients that hold up their own thread: the path says what they answer. Prints their ports. */
import { chunked, type HttpPeer, ok, RawServer, type RawServerOptions, type SeenRequest } from "../support.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const ANSWERS: Record<string, (request: SeenRequest, peer: HttpPeer) => string | null> = {
  "/echo": ({ method, body }) => ok(`${method} ${body.toString("latin1")}`, "X-Name: value\r\n"),
  "/large": () => ok("x".repeat(300_000)),
  "/chunked": () => CHUNKED + chunked("one", "two", "three".repeat(1000)),
  "/to-the-end": (_, peer) => {
    peer.send("HTTP/1.1 200 OK\r\n\r\nall of it").end();
    return null;
  },
  "/no-content": () => "HTTP/1.1 204 No Content\r\n\r\n",
  "/early-hints": () => `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok("final")}`,
  "/pouring": (_, peer) => {
    const pieces = "1\r\nx\r\n".repeat(20_000);
    const pour = (): void => {
      if (peer.waiting < 1 << 20) peer.send(pieces);
      if (!peer.gone) setImmediate(pour);
    };
    peer.send(CHUNKED);
    pour();
    return null;
  },
  "/in-pieces": (_, peer) => {
    const bytes = ok("slowly");
    for (const [at, character] of [...bytes].entries()) setTimeout(() => peer.send(character), at >> 1);
    return null;
  },
};

const options: RawServerOptions = {
  answer: (request, peer) => (ANSWERS[request.target] ?? (() => ok(request.line)))(request, peer),
};

console.log(JSON.stringify([new RawServer(options).port, new RawServer({ ...options, tls: "localhost" }).port]));
