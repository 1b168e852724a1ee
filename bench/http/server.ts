import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Answering } from "./answering.ts";
import { listenBlocking } from "./blocking.ts";

/**
 * The peer of every request contender, a process of its own, that answers at once with bytes prepared before. A request is taken as whole
 * where its bytes end as they must; anything else is answered with 400. What it takes for an answer is in the time of all contenders alike,
 * so it is to be little: plain connections have a thread each, that blocks in `recv(2)`. TLS is a bare `Bun.listen`.
 *
 * Arguments: certificate and key. Prints `{"plain":port,"secure":port}` and ends with its standard input.
 */
async function listenPlain(): Promise<number> {
  const { fd, port } = listenBlocking();
  const script = new URL("./blocking-worker.ts", import.meta.url);
  const threads = Array.from({ length: MOST_CONNECTIONS }, () => new Worker(script, { workerData: fd }));
  await Promise.all(threads.map((thread) => once(thread, "message")));
  return port;
}

function listenSecure(tls: { cert: string; key: string }): number {
  const listener = Bun.listen<Answering>({
    hostname: "127.0.0.1",
    port: 0,
    tls,
    socket: {
      open(socket) {
        socket.data = new Answering();
      },
      data(socket, chunk) {
        const answer = socket.data.next(chunk);
        if (answer !== null) socket.write(answer, 0, answer.length);
      },
      error(_socket, error) {
        console.error(error);
      },
    },
  });
  return listener.port;
}

/** Plain ones at a time: one of each contender, and some to spare. A further one waits until another ends. */
const MOST_CONNECTIONS = 12;

const [cert, key] = process.argv.slice(2);
if (cert === undefined || key === undefined)
  throw new Error("Cannot start the bench server: certificate and key are its arguments");
const tls = { cert: await Bun.file(cert).text(), key: await Bun.file(key).text() };
console.log(JSON.stringify({ plain: await listenPlain(), secure: listenSecure(tls) }));
for await (const _ of Bun.stdin.stream()) {
  // The parent's end of the pipe closes when the run is over, however it ended.
}
process.exit(0);
