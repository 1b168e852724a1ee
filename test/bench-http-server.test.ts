import { afterAll, beforeAll, expect, test } from "bun:test";
import { answers, encodeRequest } from "../bench/http/messages.ts";
import { CA_PATH, path, type ServerProcess, startHttpServer, startListening } from "../bench/processes.ts";

let server: ServerProcess;

beforeAll(async () => {
  server = await startHttpServer(null);
});

afterAll(() => {
  server[Symbol.dispose]();
});

/** Sends one request after another over one connection, each in its parts, and returns the answers, which are of `length` bytes each. */
async function exchange(url: string, requests: readonly (readonly Uint8Array[])[], length: number): Promise<string[]> {
  const { hostname, port, protocol } = new URL(url);
  const tls = protocol === "https:" ? { ca: await Bun.file(CA_PATH).text() } : undefined;
  const opened = Promise.withResolvers<void>();
  let answered = Promise.withResolvers<void>();
  let text = "";
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    ...(tls === undefined ? {} : { tls }),
    socket: {
      open() {
        if (tls === undefined) opened.resolve();
      },
      handshake() {
        opened.resolve();
      },
      data(_socket, chunk) {
        text += chunk.toString("latin1");
        if (text.length >= length) answered.resolve();
      },
      close() {
        answered.reject(
          new Error(`Cannot read an answer of ${length} bytes: the connection ended after ${text.length}`),
        );
      },
    },
  });
  await opened.promise;
  const texts: string[] = [];
  for (const parts of requests) {
    answered = Promise.withResolvers();
    text = "";
    for (const part of parts) {
      socket.write(part);
      await Bun.sleep(1);
    }
    await answered.promise;
    texts.push(text);
  }
  socket.end();
  return texts;
}

/** The answers to requests of a kind, as text. */
function prepared(kind: "get" | "post"): string[] {
  return answers(kind).map((answer) => Buffer.from(answer).toString("latin1"));
}

for (const way of ["plainUrl", "secureUrl"] as const) {
  test(`the request benches' server answers each request with the next of its answers: ${way}`, async () => {
    for (const kind of ["get", "post"] as const) {
      const expected = [...prepared(kind), ...prepared(kind)];
      const requests = expected.map(() => [encodeRequest(kind, "127.0.0.1")]);
      expect(await exchange(server[way], requests, expected[0]?.length ?? 0)).toEqual(expected);
    }
  });

  test(`it waits for the rest of a request, and refuses what is none: ${way}`, async () => {
    for (const kind of ["get", "post"] as const) {
      const request = encodeRequest(kind, "127.0.0.1");
      const parts = [request.subarray(0, 9), request.subarray(9, -2), request.subarray(-2)];
      const [first = "", second = ""] = prepared(kind);
      expect(await exchange(server[way], [parts, parts], first.length)).toEqual([first, second]);
    }
    const refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    expect(await exchange(server[way], [[Buffer.from("BREW / HTTP/1.1\r\n\r\n")]], refusal.length)).toEqual([refusal]);
  });

  test(`it serves connections side by side, and those that come after them: ${way}`, async () => {
    const request = encodeRequest("get", "127.0.0.1");
    const [first = "", second = ""] = prepared("get");
    for (let turn = 0; turn < 3; turn++) {
      const all = Array.from({ length: 8 }, () => exchange(server[way], [[request], [request]], first.length));
      expect(await Promise.all(all)).toEqual(all.map(() => [first, second]));
    }
  });
}

test("it ends with its standard input, while connections are open", async () => {
  const fixtures = `${import.meta.dir}/fixtures/tls`;
  const command = [path("http/server.ts"), `${fixtures}/localhost.crt`, `${fixtures}/localhost.key`];
  const { server: process, ports } = await startListening<{ plain: number }>(command, null);
  const closed = Promise.withResolvers<void>();
  const socket = { data() {}, close: () => closed.resolve() };
  await Bun.connect({ hostname: "127.0.0.1", port: ports.plain, socket });
  process.stdin.end();
  expect(await process.exited).toBe(0);
  await closed.promise;
});
