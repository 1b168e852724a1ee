/**
 * Answers `GET /number` with the number, many times over, and misbehaves in all the ways that a seed chooses. Arguments: port (0 for a free
 * one), seed, file to which each number that came is appended before anything is done about it. Prints its port.
 */
import { appendFileSync } from "node:fs";
import type { Socket } from "bun";
import { below, seededRandom } from "../../helpers/random.ts";
import { bodyOf } from "./chaos-body.ts";

interface Conversation {
  /** Of a request that is not whole. */
  text: string;
  /** The rest of an answer is to come. */
  partway: boolean;
}

const [port = "0", seed = "1", log = ""] = process.argv.slice(2);
const random = seededRandom(Number(seed));

const listener = Bun.listen<Conversation>({
  hostname: "127.0.0.1",
  port: Number(port),
  socket: {
    open(socket) {
      socket.data = { text: "", partway: false };
    },
    data(socket, chunk) {
      const heads = (socket.data.text + chunk.toString("latin1")).split("\r\n\r\n");
      socket.data.text = heads.pop() ?? "";
      for (const head of heads) answer(socket, head.slice("GET /".length, head.indexOf(" HTTP/1.1")));
    },
    error() {},
  },
});
console.log(listener.port);
// Whoever started it is gone.
process.stdin.resume().on("end", () => process.exit());

function answer(socket: Socket<Conversation>, number: string): void {
  appendFileSync(log, `${number}\n`);
  const body = bodyOf(number);
  const whole = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const cut = 1 + below(random, whole.length - 1);
  switch (below(random, 400)) {
    case 0:
      socket.terminate();
      return;
    case 1:
      // Never answered.
      return;
    case 2:
      // Answered too late.
      setTimeout(() => socket.write(whole), 120);
      return;
    case 3:
      socket.write(whole.slice(0, cut));
      socket.terminate();
      return;
    case 4:
      socket.write(whole.slice(0, cut));
      socket.shutdown();
      return;
    case 5:
      // Idle a moment later, and then cut.
      socket.write(whole);
      setTimeout(() => socket.terminate(), below(random, 5));
      return;
    case 6:
      socket.write(whole);
      setTimeout(() => socket.shutdown(), below(random, 5));
      return;
    case 7:
      // Bytes that belong to nothing. (A whole answer that comes while another one is awaited cannot be told from that, by anybody.)
      socket.write(whole);
      setTimeout(
        () => {
          if (!socket.data.partway) socket.write("x");
        },
        below(random, 5),
      );
      return;
    case 8:
      // Answered twice, at once.
      socket.write(whole + whole);
      return;
    case 9:
      socket.write(whole.replace("\r\n", "\r\nConnection: close\r\n"));
      socket.shutdown();
      return;
    case 10:
      socket.write(whole.slice(0, cut));
      socket.data.partway = true;
      setTimeout(
        () => {
          socket.data.partway = false;
          socket.write(whole.slice(cut));
        },
        below(random, 5),
      );
      return;
    default:
      socket.write(whole);
  }
}
