/** Answers `GET /number` with what `leases-body.ts` says. Prints its port; ends with whoever started it. */
import { bodyOf, SLOW } from "./leases-body.ts";

const listener = Bun.listen<{ text: string }>({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      socket.data = { text: "" };
    },
    data(socket, chunk) {
      const heads = (socket.data.text + chunk.toString("latin1")).split("\r\n\r\n");
      socket.data.text = heads.pop() ?? "";
      for (const head of heads) {
        const number = Number(head.slice("GET /".length, head.indexOf(" HTTP/1.1")));
        const body = bodyOf(number);
        const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
        // Some are on their way for as long as it takes to kill who waits for them.
        if (number % SLOW === 0) setTimeout(() => socket.write(answer), 300);
        else socket.write(answer);
      }
    },
    error() {},
  },
});
console.log(listener.port);
process.stdin.resume().on("end", () => process.exit());
