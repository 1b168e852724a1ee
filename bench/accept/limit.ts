import { BINARY, encodeFrame, TEXT } from "../corpus.ts";
import { announce, Counting } from "./tally.ts";

/**
 * The limit: a bare `Bun.listen` that answers the upgrade without a look at the key, counts the bytes of its chunks and looks at none of them, or
 * answers each chunk with a frame made before. The driver says in the query how many bytes there are to be.
 */
interface Session {
  upgraded: boolean;
  /** Bytes that are to come; 0 where it echoes. */
  expected: number;
  counting: Counting;
}

const ECHO = encodeFrame(BINARY, new Uint8Array(40), true, null);

const listener = Bun.listen<Session>({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      socket.data = { upgraded: false, expected: 0, counting: new Counting() };
    },
    data(socket, chunk) {
      const session = socket.data;
      if (!session.upgraded) {
        const head = Buffer.from(chunk).toString("latin1");
        session.upgraded = true;
        session.expected = Number(/bytes=(\d+)/.exec(head)?.[1] ?? 0);
        socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
      } else if (session.expected === 0) {
        socket.write(ECHO, 0, ECHO.length);
      } else {
        session.counting.add(chunk.length);
        if (session.counting.bytes < session.expected) return;
        const frame = encodeFrame(TEXT, Buffer.from(session.counting.tell(null)), true, null);
        socket.write(frame, 0, frame.length);
      }
    },
    error(_socket, error) {
      console.error(error);
    },
  },
});

await announce(listener.port);
