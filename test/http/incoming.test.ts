import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { type ProtocolError, UsageError } from "../../src/codec/errors.ts";
import type { Response } from "../../src/codec/http/response.ts";
import { TransportError } from "../../src/socket/errors.ts";
import { pattern } from "../helpers/bytes.ts";
import { turn, until } from "../helpers/wait.ts";
import { rejection } from "../socket/support.ts";
import {
  bodyOfStream,
  Client,
  chunked,
  failureOf,
  memoryClient,
  ok,
  outcomeOf,
  RawServer,
  wireClient,
} from "./support.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";

function stream(client: Client, options: { signal?: AbortSignal } = {}): Promise<Response> {
  return client.connection.send(client.writer.get("/").finish(), client.reader, { ...options, stream: true });
}

/** The pieces of a body one by one, as text; null at its end. */
function piecesOf(response: Response): { next: () => Promise<string | null>; leave: () => Promise<unknown> } {
  const pieces = response.stream()[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await pieces.next();
      return done === true ? null : Buffer.from(value as Uint8Array).toString();
    },
    leave: async () => pieces.return?.(),
  };
}

describe("a streamed body", () => {
  test("comes in pieces as they arrive, the head before them", async () => {
    const { client, answer } = await wireClient();
    const sent = stream(client);
    answer(`${HEAD}Content-Length: 9\r\nX: y\r\n\r\n`);
    const response = await sent;
    expect([response.status, response.header("x"), response.streamed, client.connection.state]).toEqual([
      200,
      "y",
      true,
      "streaming",
    ]);
    const { next } = piecesOf(response);
    const first = next();
    answer("one");
    expect(await first).toBe("one");
    answer("two");
    answer("six");
    expect([await next(), await next()].join("")).toBe("twosix");
    expect(await next()).toBeNull();
    expect(client.standing).toBe("idle, told 0");
    const following = client.get();
    answer(ok("next"));
    expect((await following).bodyText()).toBe("next");
  });

  const BODY = "some pieces of a body, in all its framings";
  const FRAMINGS: readonly [name: string, text: string, closes: boolean][] = [
    ["Content-Length", `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`, false],
    [
      "chunks",
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunked(...BODY.split(" ").map((word, at) => (at === 0 ? word : ` ${word}`)))}`,
      false,
    ],
    ["the end of the connection", `${HEAD}\r\n${BODY}`, true],
    [
      "Content-Length, and Connection: close",
      `${HEAD}Connection: close\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
      true,
    ],
    ["Content-Length in HTTP/1.0", `HTTP/1.0 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`, true],
  ];
  test.each(FRAMINGS)("is whole with %s, wherever it is cut", async (name, text, closes) => {
    const bytes = Buffer.from(text);
    for (let cut = 1; cut <= bytes.length; cut++) {
      const { client, wire } = await wireClient();
      const sent = stream(client);
      wire.deliver(bytes.subarray(0, cut));
      const reading = sent.then(bodyOfStream);
      await Promise.resolve();
      wire.deliver(bytes.subarray(cut));
      if (name.startsWith("the end")) wire.end();
      expect((await reading).toString()).toBe(BODY);
      expect(client.standing).toBe(closes ? "closed, told 1" : "idle, told 0");
    }
  });

  test("brings its trailers at the end", async () => {
    const { client, answer } = await wireClient();
    const sent = stream(client);
    answer(`${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
    const response = await sent;
    const { next } = piecesOf(response);
    expect(await next()).toBe("abc");
    answer("0\r\nX-Sum: 7\r\n\r\n");
    expect(await next()).toBeNull();
    expect(response.trailer("x-sum")).toBe("7");
    expect(client.connection.isReusable).toBe(true);
  });

  test("that is empty is there at once", async () => {
    for (const text of [`${HEAD}Content-Length: 0\r\n\r\n`, "HTTP/1.1 204 No Content\r\n\r\n"]) {
      const { client, answer } = await wireClient();
      const sent = stream(client);
      answer(text);
      expect(await bodyOfStream(await sent)).toEqual(Buffer.alloc(0));
      expect(client.standing).toBe("idle, told 0");
    }
    const { client, answer } = await wireClient();
    const sent = stream(client);
    answer(`${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
    expect(await bodyOfStream(await sent)).toEqual(Buffer.alloc(0));
    expect(client.standing).toBe("idle, told 0");
  });

  test("has no size limit, and one that is not streamed has", async () => {
    const { client, answer } = await wireClient({}, { maxBodySize: 10 });
    const sent = stream(client);
    answer(`${HEAD}Content-Length: 1000\r\n\r\n${"x".repeat(1000)}`);
    expect((await bodyOfStream(await sent)).length).toBe(1000);
    const whole = client.get();
    answer(`${HEAD}Content-Length: 1000\r\n\r\n`);
    expect(((await failureOf(whole)).cause as ProtocolError).code).toBe("HTTP_BODY_TOO_LARGE");
  });

  test("is read once, and only as a stream", async () => {
    const { client, answer } = await wireClient();
    const sent = stream(client);
    answer(`${HEAD}Content-Length: 4\r\n\r\nbody`);
    const response = await sent;
    for (const read of [() => response.bodyBytes(), () => response.bodyText(), () => response.toOwned()]) {
      expect(read).toThrow(expect.objectContaining({ code: "RESPONSE_STREAMED" }));
    }
    const pieces = response.stream();
    expect(() => response.stream()).toThrow(expect.objectContaining({ code: "RESPONSE_STREAM_TAKEN" }));
    for await (const piece of pieces) expect(Buffer.from(piece).toString()).toBe("body");
    expect(() => response.stream()).toThrow(expect.objectContaining({ code: "RESPONSE_STREAM_TAKEN" }));
    expect(client.connection.isReusable).toBe(true);
  });

  test("larger than the ring comes whole: content intact through 8 MiB in a ring of 1 KiB", async () => {
    const big = pattern(8 << 20);
    using server = new RawServer({
      answer: () => Buffer.concat([Buffer.from(`${HEAD}Content-Length: ${big.length}\r\n\r\n`), big]),
    });
    using client = await Client.connect(server, {}, { capacity: 1024 });
    const hash = new Bun.CryptoHasher("sha256");
    for await (const piece of (await stream(client)).stream()) hash.update(piece);
    expect(hash.digest("hex")).toBe(new Bun.CryptoHasher("sha256").update(big).digest("hex"));
    expect(client.connection.isReusable).toBe(true);
  });
});

describe("back-pressure", () => {
  test("the transport is paused at the second chunk that nobody takes, and goes on once they are taken", async () => {
    const { client, wire, answer } = await wireClient();
    const sent = stream(client);
    answer(`${HEAD}Content-Length: 10\r\n\r\n`);
    const response = await sent;
    answer("ab");
    expect(wire.calls).toEqual([]);
    answer("cd");
    expect(wire.calls).toEqual(["pause"]);
    answer("ef");
    expect(wire.calls).toEqual(["pause"]);
    const { next } = piecesOf(response);
    expect(await next()).toBe("ab");
    expect(wire.calls).toEqual(["pause"]);
    expect([await next(), await next()]).toEqual(["cd", "ef"]);
    expect(wire.calls).toEqual(["pause", "resume"]);
    answer("gh");
    answer("ij");
    expect(wire.calls).toEqual(["pause", "resume", "pause"]);
    expect([await next(), await next(), await next()]).toEqual(["gh", "ij", null]);
    expect(wire.calls).toEqual(["pause", "resume", "pause", "resume"]);
    expect(client.standing).toBe("idle, told 0");
  });

  test("a server is held up while nobody reads", async () => {
    using server = endlessServer();
    using client = await Client.connect(server);
    await stream(client);
    await Bun.sleep(50);
    const peer = await server.peer();
    const held = peer.waiting;
    await Bun.sleep(50);
    // What the two kernels hold, the ring, and two chunks: the rest waits where it is made.
    expect(peer.waiting).toBe(held);
    expect(peer.waiting).toBeGreaterThan(SENT_AT_ONCE - (16 << 20));
  });

  test("256 MiB pass through little memory, intact", async () => {
    using server = endlessServer();
    const script = fileURLToPath(new URL("./children/stream-large.ts", import.meta.url));
    const child = Bun.spawn([process.execPath, script, server.url, String(256 << 20)], { stderr: "inherit" });
    const { bytes, most, hash } = JSON.parse(await child.stdout.text());
    expect(await child.exited).toBe(0);
    const expected = new Bun.CryptoHasher("sha256");
    for (let portion = 0; portion < 256; portion++) expected.update(PORTION);
    expect([bytes, hash]).toEqual([256 << 20, expected.digest("hex")]);
    expect(most).toBeLessThan(128 << 20);
  }, 30_000);
});

const PORTION = pattern(1 << 20);
const SENT_AT_ONCE = 64 << 20;

/** Answers with as many bytes as the client says it will read: portions, made as they are taken. */
function endlessServer(): RawServer {
  return new RawServer({
    answer: (request, peer) => {
      const portions = Number(request.field("X-Bytes") ?? SENT_AT_ONCE) / PORTION.length;
      peer.send(`${HEAD}Content-Length: ${portions * PORTION.length}\r\n\r\n`);
      void (async () => {
        for (let sent = 0; sent < portions; sent++) {
          peer.send(PORTION);
          if (request.field("X-Bytes") !== null) await peer.until(({ waiting, gone }) => waiting === 0 || gone);
        }
      })();
      return null;
    },
  });
}

describe("leaving the loop", () => {
  test.each(["break", "throw", "return"])("by %s cuts the connection", async (way) => {
    const { client, wire, answer } = await wireClient();
    const sent = stream(client);
    answer(`${HEAD}Content-Length: 8\r\n\r\nab`);
    const response = await sent;
    const read = async (): Promise<string> => {
      for await (const piece of response.stream()) {
        if (way === "break") break;
        if (way === "throw") throw new Error("the loop's own");
        return Buffer.from(piece).toString();
      }
      return "left";
    };
    const outcome = await read().catch((error: Error) => error.message);
    expect(outcome).toBe({ break: "left", throw: "the loop's own", return: "ab" }[way] ?? "");
    expect([client.standing, wire.closed]).toEqual(["closed, told 1", true]);
    expect(await outcomeOf(client.get())).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
  });

  test("with the last piece in hand does not", async () => {
    const { client, answer } = await wireClient();
    const sent = stream(client);
    answer(`${HEAD}Content-Length: 2\r\n\r\nab`);
    for await (const _ of (await sent).stream()) break;
    expect(client.standing).toBe("idle, told 0");
    const next = client.get();
    answer(ok("next"));
    expect((await next).bodyText()).toBe("next");
  });

  test("with the last data in hand, but not the last chunk, does", async () => {
    const { client, answer } = await wireClient();
    const sent = stream(client);
    answer(`${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n`);
    for await (const _ of (await sent).stream()) break;
    expect(client.standing).toBe("closed, told 1");
  });

  test("a stream that nobody reads is ended by close()", async () => {
    const { client, wire, answer } = await wireClient();
    const sent = stream(client);
    answer(`${HEAD}Content-Length: 8\r\n\r\nab`);
    const response = await sent;
    client.connection.close();
    expect([client.standing, wire.closed]).toEqual(["closed, told 1", true]);
    expect(await outcomeOf(bodyOfStream(response))).toEqual(["REQUEST_CONNECTION_CLOSED", "response-started", 27]);
  });
});

describe("a stream that breaks", () => {
  const BREAKS: readonly [name: string, framing: string, code: string][] = [
    ["FIN", "Content-Length: 8\r\n\r\nab", "REQUEST_CONNECTION_LOST"],
    ["FIN", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "REQUEST_CONNECTION_LOST"],
    ["RST", "Content-Length: 8\r\n\r\nab", "REQUEST_CONNECTION_LOST"],
    ["RST", "\r\nab", "REQUEST_CONNECTION_LOST"],
    ["abort", "Content-Length: 8\r\n\r\nab", "REQUEST_ABORTED"],
    ["close", "Content-Length: 8\r\n\r\nab", "REQUEST_CONNECTION_CLOSED"],
    ["a fault", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "REQUEST_BAD_RESPONSE"],
  ];
  const reset = new TransportError("CONNECTION_RESET", "reset");
  describe.each(BREAKS)("by %s in %p", (how, framing, code) => {
    const begin = async () => {
      const controller = new AbortController();
      const wired = await wireClient();
      const sent = stream(wired.client, { signal: controller.signal });
      wired.answer(`${HEAD}${framing}`);
      const strike = (): void => {
        if (how === "FIN") wired.wire.end();
        else if (how === "RST") wired.wire.close(reset);
        else if (how === "abort") controller.abort("enough");
        else if (how === "close") wired.client.connection.close();
        else wired.answer("zz\r\n");
      };
      return { ...wired, response: await sent, strike };
    };
    const check = async (failing: Promise<unknown>): Promise<void> => {
      const error = await failureOf(failing);
      expect([error.code as string, error.progress, error.bytesSent]).toEqual([code, "response-started", 27]);
      if (how === "RST") expect(error.cause).toBe(reset);
      if (how === "abort") expect(error.cause).toBe("enough");
      if (how === "a fault") expect((error.cause as ProtocolError).code).toBe("HTTP_CHUNK_SIZE");
    };

    test("while the next piece is waited for", async () => {
      const { client, response, strike } = await begin();
      const { next } = piecesOf(response);
      expect(await next()).toBe("ab");
      const failing = check(next());
      await turn();
      strike();
      await failing;
      expect(await next()).toBeNull();
      expect(client.standing).toBe("closed, told 1");
    });

    test("while a piece is looked at", async () => {
      const { client, response, strike } = await begin();
      const { next } = piecesOf(response);
      expect(await next()).toBe("ab");
      strike();
      await check(next());
      expect(client.standing).toBe("closed, told 1");
    });

    test("before any piece was asked for", async () => {
      const { client, response, strike } = await begin();
      strike();
      await check(bodyOfStream(response));
      expect(client.standing).toBe("closed, told 1");
    });
  });

  test("what came before a RST is given before its error", async () => {
    const { client, wire, answer } = await wireClient({}, { capacity: 256 });
    const sent = stream(client);
    answer(`${HEAD}Content-Length: 2000\r\n\r\n`);
    const response = await sent;
    answer("a".repeat(900));
    answer("b".repeat(100));
    wire.close(reset);
    let read = "";
    const failing = (async () => {
      for await (const piece of response.stream()) read += Buffer.from(piece).toString();
    })();
    expect((await failureOf(failing)).cause).toBe(reset);
    expect(read).toBe("a".repeat(900) + "b".repeat(100));
  });

  test("a body that was all there when the connection broke is whole", async () => {
    const { client, wire, answer } = await wireClient({}, { capacity: 256 });
    const sent = stream(client);
    answer(`${HEAD}Content-Length: 1000\r\n\r\n`);
    const response = await sent;
    answer("a".repeat(900));
    answer("b".repeat(100));
    wire.close(reset);
    expect((await bodyOfStream(response)).toString()).toBe("a".repeat(900) + "b".repeat(100));
    expect(client.standing).toBe("closed, told 1");
  });

  test("stray bytes behind it end the connection, not the body", async () => {
    const { client, answer } = await wireClient();
    const sent = stream(client);
    answer(`${HEAD}Content-Length: 2\r\n\r\n`);
    const response = await sent;
    answer(`ab${ok("stray")}`);
    expect((await bodyOfStream(response)).toString()).toBe("ab");
    expect(client.standing).toBe("closed, told 1");
  });

  test("a FIN behind a body that is whole ends the connection, not the body", async () => {
    const { client, wire, answer } = await wireClient();
    const sent = stream(client);
    answer(`${HEAD}Content-Length: 2\r\n\r\nab`);
    const response = await sent;
    wire.end();
    expect((await bodyOfStream(response)).toString()).toBe("ab");
    expect(client.standing).toBe("closed, told 1");
  });
});

test("abort in the midst of a real stream", async () => {
  using server = new RawServer({
    answer: (_, peer) => {
      void (async () => {
        peer.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
        while (!peer.gone) {
          peer.send("5\r\nhello\r\n");
          await Bun.sleep(1);
        }
      })();
      return null;
    },
  });
  using client = await Client.connect(server);
  const controller = new AbortController();
  const response = await stream(client, { signal: controller.signal });
  let pieces = 0;
  const reading = (async () => {
    for await (const _ of response.stream()) if (++pieces === 3) controller.abort();
  })();
  expect((await failureOf(reading)).code).toBe("REQUEST_ABORTED");
  await until(() => server.peers[0]?.gone === true);
  expect(client.standing).toBe("closed, told 1");
});

test("a response that is not streamed can be read as a stream of one piece", async () => {
  const { client, answer } = await wireClient();
  const sent = client.get();
  answer(ok("whole"));
  expect((await bodyOfStream(await sent)).toString()).toBe("whole");
  expect(client.connection.isReusable).toBe(true);
});

test("streams over a pair in memory that gives little", async () => {
  const body = "piece by piece, and whole";
  for (const options of [{ chunkSize: 1 }, { capacity: 3 }, { chunkSize: 5, capacity: 50 }]) {
    const { client } = await memoryClient({ answer: () => ok(body) }, options);
    for (let round = 0; round < 5; round++) expect((await bodyOfStream(await stream(client))).toString()).toBe(body);
    expect(client.standing).toBe("idle, told 0");
    client.connection.terminate();
  }
});

test("a second send while a stream is unread is refused, and the stream goes on", async () => {
  const { client, answer } = await wireClient();
  const sent = stream(client);
  answer(`${HEAD}Content-Length: 2\r\n\r\na`);
  const response = await sent;
  expect(await rejection(client.get(), UsageError)).toMatchObject({ code: "REQUEST_UNDER_WAY" });
  answer("b");
  expect((await bodyOfStream(response)).toString()).toBe("ab");
});

describe("a whole answer", () => {
  const large = pattern(1000);
  const head = (length: number): string => `${HEAD}Content-Length: ${length}\r\nX-Fill: ${"f".repeat(40)}\r\n\r\n`;
  const FILL = 256 - head(100).length;
  const ANSWERS: readonly (readonly [what: string, bytes: Buffer, body: Uint8Array])[] = [
    ["that fits the ring", Buffer.from(`${head(2)}hi`), Buffer.from("hi")],
    ["that fills the ring", Buffer.concat([Buffer.from(head(FILL)), large.subarray(0, FILL)]), large.subarray(0, FILL)],
    ["larger than the ring", Buffer.concat([Buffer.from(head(1000)), large]), large],
    [
      "in chunks, larger than the ring",
      Buffer.concat([
        Buffer.from(`${HEAD}Transfer-Encoding: chunked\r\n\r\n1f4\r\n`),
        large.subarray(0, 500),
        Buffer.from("\r\n1F4;x=y\r\n"),
        large.subarray(500),
        Buffer.from("\r\n0\r\n\r\n"),
      ]),
      large,
    ],
    ["behind interim ones", Buffer.from(`${"HTTP/1.1 102 P\r\n\r\n".repeat(40)}${head(2)}hi`), Buffer.from("hi")],
  ];
  test.each(ANSWERS)("%s is the same in one chunk, in two, and in many", async (_what, bytes, body) => {
    const { client, wire } = await wireClient({}, { capacity: 256 });
    for (let cut = 0; cut <= bytes.length; cut++) {
      const answer = client.get();
      wire.deliver(bytes.subarray(0, cut));
      wire.deliver(bytes.subarray(cut));
      expect(Buffer.compare((await answer).bodyBytes(), body)).toBe(0);
    }
    for (const size of [1, 2, 3, 100, 255, 256, 257]) {
      const answer = client.get();
      for (let at = 0; at < bytes.length; at += size) wire.deliver(bytes.subarray(at, at + size));
      expect(Buffer.compare((await answer).bodyBytes(), body)).toBe(0);
    }
    expect(client.standing).toBe("idle, told 0");
  });

  test.each(ANSWERS)("%s with bytes behind it is given, and ends the connection", async (_what, bytes, body) => {
    for (const together of [true, false]) {
      const { client, wire } = await wireClient({}, { capacity: 256 });
      const answer = client.get();
      if (together) wire.deliver(Buffer.concat([bytes, Buffer.from("HTTP")]));
      else for (const piece of [bytes, Buffer.from("HTTP")]) wire.deliver(piece);
      expect(Buffer.compare((await answer).bodyBytes(), body)).toBe(0);
      expect(client.standing).toBe("closed, told 1");
    }
  });
});
