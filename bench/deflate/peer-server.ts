import { announce } from "../accept/tally.ts";
import { Peer } from "./peer.ts";

/** Where clients connect to, with their task as JSON in the query: it answers the upgrade and runs the task. Prints its port and ends with its standard input. */
const listener = Bun.listen<{ peer: Peer | null }>({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      socket.data = { peer: null };
    },
    data(socket, chunk) {
      const session = socket.data;
      if (session.peer !== null) {
        session.peer.data(chunk);
        return;
      }
      const head = Buffer.from(chunk).toString("latin1");
      const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "";
      const accept = new Bun.CryptoHasher("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n`,
      );
      const { searchParams } = new URL(head.slice(4, head.indexOf(" ", 4)), "http://bench");
      session.peer = new Peer(socket, null);
      session.peer.run(JSON.parse(searchParams.get("task") ?? "null")).catch((error) => {
        console.error(error);
        socket.terminate();
      });
    },
    drain: ({ data }) => data.peer?.drain(),
    error: (_socket, error) => console.error(error),
  },
});

await announce(listener.port);
