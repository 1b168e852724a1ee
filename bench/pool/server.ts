import { answers } from "../http/messages.ts";

/**
 * The peer of the pool benches, a process of its own: a bare `Bun.listen` that answers each GET with bytes prepared before, at once or, on
 * the second port, a millisecond after it came. Prints `{"prompt":port,"slow":port}` and ends with its standard input.
 */
function listen(delay: number): number {
  const listener = Bun.listen<Session>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { answered: 0 };
      },
      data(socket, chunk) {
        const answer = endsRequest(chunk) ? (ANSWERS[socket.data.answered++ % ANSWERS.length] ?? REFUSAL) : REFUSAL;
        if (delay === 0) socket.write(answer, 0, answer.length);
        else setTimeout(() => socket.write(answer, 0, answer.length), delay);
      },
      error(_socket, error) {
        console.error(error);
      },
    },
  });
  return listener.port;
}

interface Session {
  answered: number;
}

/** A request of the benches is one chunk; anything else is refused. */
function endsRequest(chunk: Uint8Array): boolean {
  return chunk[0] === LETTER_G && chunk.at(-1) === LINE_FEED && chunk.at(-3) === LINE_FEED;
}

const LETTER_G = 0x47;
const LINE_FEED = 0x0a;
const ANSWERS = answers("get");
const REFUSAL = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");

console.log(JSON.stringify({ prompt: listen(0), slow: listen(1) }));
for await (const _ of Bun.stdin.stream()) {
  // The parent's end of the pipe closes when the run is over, however it ended.
}
process.exit(0);
