import { answers, REQUESTS } from "./messages.ts";

/**
 * The peer of every request contender, a process of its own: a bare `Bun.listen`, plain and over TLS, that answers at once with bytes
 * prepared before. A request is taken as whole where its bytes end as they must; anything else is answered with 400.
 *
 * Arguments: certificate and key. Prints `{"plain":port,"secure":port}` and ends with its standard input.
 */
function listen(tls: { cert: string; key: string } | undefined): number {
  const listener = Bun.listen<Session>({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls === undefined ? {} : { tls }),
    socket: {
      open(socket) {
        socket.data = { kept: NOTHING, answered: 0 };
      },
      data(socket, chunk) {
        const session = socket.data;
        const bytes = session.kept.length === 0 ? chunk : Buffer.concat([session.kept, chunk]);
        const prepared = answersTo(bytes);
        session.kept = prepared === null ? bytes : NOTHING;
        if (prepared === null) return;
        const answer = prepared[session.answered++ % prepared.length] ?? REFUSAL;
        socket.write(answer, 0, answer.length);
      },
      error(_socket, error) {
        console.error(error);
      },
    },
  });
  return listener.port;
}

interface Session {
  /** A request that is not whole yet. */
  kept: Uint8Array;
  answered: number;
}

/** The answers to the request that `bytes` are; null while it is not whole. */
function answersTo(bytes: Uint8Array): readonly Uint8Array[] | null {
  if (bytes[0] === LETTER_G) return endsWith(bytes, HEAD_END) ? ANSWERS_TO_GET : null;
  if (bytes[0] === LETTER_P) return endsWith(bytes, ORDER) ? ANSWERS_TO_POST : null;
  return [REFUSAL];
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  const from = bytes.length - end.length;
  if (from < 0) return false;
  for (let index = 0; index < end.length; index++) if (bytes[from + index] !== end[index]) return false;
  return true;
}

const NOTHING = new Uint8Array(0);
const LETTER_G = 0x47;
const LETTER_P = 0x50;
const encoder = new TextEncoder();
const HEAD_END = encoder.encode("\r\n\r\n");
const ORDER = encoder.encode(REQUESTS.post.body ?? "");
const ANSWERS_TO_GET = answers("get");
const ANSWERS_TO_POST = answers("post");
const REFUSAL = encoder.encode("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");

const [cert, key] = process.argv.slice(2);
if (cert === undefined || key === undefined)
  throw new Error("Cannot start the bench server: certificate and key are its arguments");
const tls = { cert: await Bun.file(cert).text(), key: await Bun.file(key).text() };
console.log(JSON.stringify({ plain: listen(undefined), secure: listen(tls) }));
for await (const _ of Bun.stdin.stream()) {
  // The parent's end of the pipe closes when the run is over, however it ended.
}
process.exit(0);
