import { describe, expect, test } from "bun:test";
import type { Request } from "../../src/codec/http/request.ts";
import type { BodySource } from "../../src/http/body-sender.ts";
import type { SendOptions } from "../../src/http/options.ts";
import { pattern } from "../helpers/bytes.ts";
import { turn, until } from "../helpers/wait.ts";
import { bodyOfStream, Client, failureOf, memoryClient, ok, outcomeOf, RawServer, wireClient } from "./support.ts";

/** A source under a test's control, which writes down what is done with it. */
class Source implements AsyncIterable<Uint8Array | string>, AsyncIterator<Uint8Array | string> {
  asked = 0;
  returned = 0;
  readonly #waiting: PromiseWithResolvers<IteratorResult<Uint8Array | string>>[] = [];

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array | string>> {
    this.asked++;
    const step = Promise.withResolvers<IteratorResult<Uint8Array | string>>();
    this.#waiting.push(step);
    return step.promise;
  }

  return(): Promise<IteratorResult<Uint8Array | string>> {
    this.returned++;
    return Promise.resolve({ done: true, value: undefined });
  }

  give(piece: Uint8Array | string): Promise<void> {
    this.#waiting.shift()?.resolve({ done: false, value: piece });
    return turn();
  }

  end(): Promise<void> {
    this.#waiting.shift()?.resolve({ done: true, value: undefined });
    return turn();
  }

  fail(error: unknown): Promise<void> {
    this.#waiting.shift()?.reject(error);
    return turn();
  }
}

const inChunks = (client: Client): Request => client.writer.post("/").bodyStream(null).finish();
const ofLength = (client: Client, length: number): Request => client.writer.post("/").bodyStream(length).finish();
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("what goes on the wire", () => {
  const send = async (body: BodySource, length: number | null): Promise<string> => {
    using server = new RawServer({
      answer: ({ body }) =>
        Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]),
    });
    using client = await Client.connect(server);
    const request = client.writer.post("/").bodyStream(length).finish();
    const response = await client.connection.send(request, client.reader, { body });
    const echoed = response.bodyText();
    expect(client.connection.isReusable).toBe(true);
    const [seen] = server.requests;
    expect([seen?.field("Transfer-Encoding") ?? null, seen?.field("Content-Length") ?? null]).toEqual(
      length === null ? ["chunked", null] : [null, String(length)],
    );
    // The bytes behind the body are those of the next request.
    expect((await client.get("/next")).bodyText()).toBe("");
    return echoed;
  };
  const big = "é€😀".repeat(20_000);
  async function* pieces(...all: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
    for (const piece of all) {
      await Promise.resolve();
      yield piece;
    }
  }
  const BODIES: readonly [name: string, make: () => BodySource, expected: string][] = [
    ["nothing", () => [], ""],
    ["text", () => pieces("one, ", "two"), "one, two"],
    ["bytes", () => pieces(new TextEncoder().encode("byt"), new TextEncoder().encode("es")), "bytes"],
    ["an array", () => ["a", new TextEncoder().encode("b"), "c"], "abc"],
    ["pieces that are empty", () => pieces("", "a", new Uint8Array(0), "", "b", ""), "ab"],
    ["text beyond ASCII, a surrogate pair whole in its piece", () => pieces("é", "€", "😀"), "é€😀"],
    ["pieces larger than every buffer", () => pieces(big, big), big + big],
    [
      "many small pieces",
      () => Array.from({ length: 3000 }, (_, at) => `${at},`),
      Array.from({ length: 3000 }, (_, at) => `${at},`).join(""),
    ],
    ["a stream", () => new Blob(["from a ", "blob"]).stream() as BodySource, "from a blob"],
    ["a string, in one piece", () => "just text", "just text"],
    ["part of a larger buffer", () => [new TextEncoder().encode("xxpartxx").subarray(2, 6)], "part"],
  ];
  test.each(BODIES)("%s: in chunks and with a length", async (_, make, expected) => {
    expect(await send(make(), null)).toBe(expected);
    expect(await send(make(), Buffer.byteLength(expected))).toBe(expected);
  });

  test("a string is one chunk, not one for each of its characters", async () => {
    const { client, wire } = await wireClient();
    const request = inChunks(client);
    void client.connection.send(request, client.reader, { body: "twelve bytes" }).catch(() => null);
    await turn();
    expect(text(wire.written.subarray(request.length))).toBe("c\r\ntwelve bytes\r\n0\r\n\r\n");
    client.connection.terminate();
  });
});

describe("the source is asked only as the kernel takes", () => {
  test("piece by piece", async () => {
    const { client, wire, answer } = await wireClient();
    const source = new Source();
    const request = inChunks(client);
    wire.takes.push(request.length - 1, 0);
    const sent = client.connection.send(request, client.reader, { body: source });
    await turn();
    // Not before the head is out.
    expect(source.asked).toBe(0);
    wire.drain();
    wire.drain();
    await turn();
    expect(source.asked).toBe(1);
    wire.takes.push(2, 3, 0);
    await source.give("hello");
    for (let drains = 0; drains < 2; drains++) {
      wire.drain();
      await turn();
      expect(source.asked).toBe(1);
    }
    wire.drain();
    await turn();
    expect(source.asked).toBe(2);
    // Room without need changes nothing.
    wire.drain();
    await source.end();
    expect(text(wire.written.subarray(request.length))).toBe("5\r\nhello\r\n0\r\n\r\n");
    answer(ok("done"));
    expect((await sent).bodyText()).toBe("done");
    expect([source.asked, source.returned, client.standing]).toEqual([2, 0, "idle, told 0"]);
  });

  test("a slow server bounds what is held, and gets every byte", async () => {
    using server = new RawServer({ stalled: true, answer: (request) => ok(String(request.body.length)) });
    using client = await Client.connect(server, { socket: { sendBufferSize: 64 << 10 } });
    const piece = pattern(64 << 10);
    let given = 0;
    function* endless(): Generator<Uint8Array> {
      for (; given < 64 << 20; given += piece.length) yield piece;
    }
    const request = ofLength(client, 64 << 20);
    const sent = client.connection.send(request, client.reader, { body: endless() });
    await Bun.sleep(50);
    const held = given;
    await Bun.sleep(50);
    // What the two kernels hold, and one piece.
    expect(given).toBe(held);
    expect(given).toBeLessThan(16 << 20);
    const peer = await server.peer();
    peer.countOnly();
    peer.proceed();
    await peer.until(({ bytesReceived }) => bytesReceived === request.length + (64 << 20));
    peer.send(ok("all of it"));
    expect((await sent).bodyText()).toBe("all of it");
    expect(client.connection.isReusable).toBe(true);
  });

  test("whatever a write takes, over a pair in memory", async () => {
    for (const options of [{ writeSize: 1 }, { capacity: 5 }, { capacity: 64, writeSize: 7, chunkSize: 3 }]) {
      const { client } = await memoryClient({ answer: (request) => ok(request.body.toString()) }, options);
      for (const length of [null, 24]) {
        const request = client.writer.post("/").bodyStream(length).finish();
        const body = ["eight by", "tes and ", "so on to"];
        expect((await client.connection.send(request, client.reader, { body })).bodyText()).toBe(body.join(""));
      }
      client.connection.terminate();
    }
  });
});

describe("a body that fails ends the request", () => {
  const boom = new Error("the source's own");
  async function* throwing(): AsyncGenerator<string> {
    yield "some";
    throw boom;
  }
  const FAULTS: readonly [name: string, length: number | null, body: () => BodySource, cause: string | RegExp][] = [
    ["too long", 5, () => ["123", "456"], "the body has 6 bytes where Content-Length says 5"],
    ["too long by its first piece", 5, () => ["123456"], "the body has 6 bytes where Content-Length says 5"],
    ["too short", 5, () => ["123"], "the body has 3 bytes where Content-Length says 5"],
    ["empty where it is not to be", 1, () => [], "the body has 0 bytes where Content-Length says 1"],
    ["not empty where it is to be", 0, () => ["x"], "the body has 1 bytes where Content-Length says 0"],
    ["longer in UTF-8 than in characters", 1, () => ["é"], "the body has 2 bytes where Content-Length says 1"],
    ["throwing", null, throwing, "the source's own"],
    ["throwing, with a length", 100, throwing, "the source's own"],
    ["of numbers", null, () => [1, 2] as never, "a piece of the body is neither text nor a Uint8Array, but number"],
    ["of ArrayBuffers", 3, () => [new ArrayBuffer(3)] as never, "neither text nor a Uint8Array, but object"],
    ["of undefined", null, () => [undefined] as never, "neither text nor a Uint8Array, but undefined"],
    ["no iterable", null, () => ({}) as never, /not a function|undefined/],
    [
      "an iterable that throws",
      null,
      () =>
        ({
          [Symbol.asyncIterator]: () => {
            throw boom;
          },
        }) as never,
      "the source's own",
    ],
  ];
  test.each(FAULTS)("%s", async (_, length, body, cause) => {
    const { client, wire } = await wireClient();
    const request = client.writer.post("/").bodyStream(length).finish();
    const error = await failureOf(client.connection.send(request, client.reader, { body: body() }));
    expect(error.code).toBe("REQUEST_BODY_FAILED");
    expect((error.cause as Error).message).toMatch(cause);
    // What left is told, and never more than was stated, so that no server takes it for whole by mistake.
    expect(error.bytesSent).toBe(wire.written.length);
    expect(error.progress).toBe(length === 0 ? "sent" : "partly-sent");
    if (length !== null) expect(wire.written.length - request.length).toBeLessThanOrEqual(length);
    expect(text(wire.written.subarray(request.length))).not.toContain("0\r\n\r\n");
    expect([client.standing, wire.closed]).toEqual(["closed, told 1", true]);
  });

  test("the source is told, also where its return never comes back", async () => {
    const { client } = await wireClient();
    const source = new Source();
    source.return = () => {
      source.returned++;
      return new Promise(() => {});
    };
    const failure = failureOf(client.connection.send(ofLength(client, 3), client.reader, { body: source }));
    await source.give("1234");
    expect((await failure).code).toBe("REQUEST_BODY_FAILED");
    expect(source.returned).toBe(1);
  });

  test.each([
    () => {
      throw new Error("from return");
    },
    () => Promise.reject(new Error("from return")),
  ])("what its return throws is nobody's: %#", async (fail) => {
    const { client } = await wireClient();
    const source = new Source();
    source.return = fail as never;
    const failure = failureOf(client.connection.send(ofLength(client, 3), client.reader, { body: source }));
    await source.give("1234");
    expect((await failure).code).toBe("REQUEST_BODY_FAILED");
    await turn();
  });

  test("one that failed by itself is not told again", async () => {
    const { client } = await wireClient();
    const source = new Source();
    const failure = failureOf(client.connection.send(inChunks(client), client.reader, { body: source }));
    await turn();
    await source.fail(new Error("its own"));
    expect((await failure).code).toBe("REQUEST_BODY_FAILED");
    expect(source.returned).toBe(0);
  });
});

describe("how far it got", () => {
  test("is counted with the chunks' framing", async () => {
    const { client, wire } = await wireClient();
    const source = new Source();
    const request = inChunks(client);
    const head = request.length;
    wire.takes.push(head, 4, 0);
    const sent = client.connection.send(request, client.reader, { body: source });
    await turn();
    await source.give("hello");
    wire.end();
    expect(await outcomeOf(sent)).toEqual(["REQUEST_CONNECTION_LOST", "partly-sent", head + 4]);
    expect(source.returned).toBe(1);
  });

  test("all sent: with the last chunk, or with the last byte that was stated", async () => {
    for (const length of [null, 5]) {
      const { client, wire } = await wireClient();
      const source = new Source();
      const request = client.writer.post("/").bodyStream(length).finish();
      const sent = client.connection.send(request, client.reader, { body: source });
      await turn();
      await source.give("hello");
      if (length === null) await source.end();
      wire.end();
      const size = request.length + (length === null ? 15 : 5);
      expect(await outcomeOf(sent)).toEqual(["REQUEST_CONNECTION_LOST", "sent", size]);
      expect(source.returned).toBe(length === null ? 0 : 1);
    }
  });

  test("before the last chunk it is not", async () => {
    const { client } = await wireClient();
    const source = new Source();
    const request = inChunks(client);
    const sent = client.connection.send(request, client.reader, { body: source });
    await turn();
    await source.give("hello");
    client.connection.terminate();
    expect(await outcomeOf(sent)).toEqual(["REQUEST_CONNECTION_CLOSED", "partly-sent", request.length + 10]);
    expect(source.returned).toBe(1);
  });

  test.each(["abort", "timeout"])("%s tells a source that is being waited for", async (way) => {
    const { client } = await wireClient();
    const source = new Source();
    const controller = new AbortController();
    const options: SendOptions = { body: source, signal: controller.signal, timeout: way === "timeout" ? 5 : 0 };
    const request = inChunks(client);
    const sent = client.connection.send(request, client.reader, options);
    await turn();
    await source.give("a");
    expect(source.asked).toBe(2);
    if (way === "abort") controller.abort();
    const code = way === "abort" ? "REQUEST_ABORTED" : "REQUEST_TIMEOUT";
    expect(await outcomeOf(sent)).toEqual([code, "partly-sent", request.length + 6]);
    expect(source.returned).toBe(1);
    // What it gives now goes nowhere.
    await source.give("too late");
    expect(source.returned).toBe(1);
  });
});

describe("an answer that comes before the body is out", () => {
  const TOO_LARGE = ok("too large", "", "413 Content Too Large");

  test("is given, the source is told, and the connection is not used again", async () => {
    const { client, wire, answer } = await wireClient();
    const source = new Source();
    const sent = client.connection.send(inChunks(client), client.reader, { body: source });
    await turn();
    await source.give("some");
    const before = wire.written.length;
    answer(TOO_LARGE);
    expect([(await sent).status, (await sent).bodyText()]).toEqual([413, "too large"]);
    expect([source.returned, client.standing]).toEqual([1, "closed, told 1"]);
    await source.give("more");
    wire.drain();
    expect(wire.written.length).toBe(before);
    expect(await outcomeOf(client.get())).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
  });

  test("also where the body lies in the request and the kernel has not taken all of it", async () => {
    const { client, wire, answer } = await wireClient();
    wire.room = 0;
    wire.takes.push(60);
    const sent = client.connection.send(client.writer.post("/").body("x".repeat(1000)).finish(), client.reader);
    answer(TOO_LARGE);
    expect((await sent).status).toBe(413);
    expect(client.standing).toBe("closed, told 1");
    wire.room = 5000;
    wire.drain();
    expect(wire.written.length).toBe(60);
  });

  test("over sockets: from a server that reads on, one that stops, and one that closes", async () => {
    for (const then of ["reads on", "stops", "closes"]) {
      using server = new RawServer({
        onHead: (_, peer) => {
          peer.countOnly().send(TOO_LARGE);
          if (then === "stops") peer.stall();
          if (then === "closes") peer.end();
          return null;
        },
      });
      using client = await Client.connect(server);
      let returned = false;
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield new Uint8Array(100_000);
        } finally {
          returned = true;
        }
      }
      const response = await client.connection.send(inChunks(client), client.reader, { body: endless() });
      expect([then, response.status, response.bodyText()]).toEqual([then, 413, "too large"]);
      await until(() => returned);
      expect(client.standing).toBe("closed, told 1");
    }
  });

  test("with all that was stated sent, the source need not have ended", async () => {
    const { client, answer } = await wireClient();
    const source = new Source();
    const sent = client.connection.send(ofLength(client, 2), client.reader, { body: source });
    await turn();
    await source.give("ab");
    answer(ok("fine"));
    expect((await sent).bodyText()).toBe("fine");
    expect([source.returned, client.standing]).toEqual([1, "idle, told 0"]);
    // It is of no more concern, nor is what it says.
    await source.give("cd");
    await source.fail(new Error("late"));
    const next = client.get();
    answer(ok("next"));
    expect((await next).bodyText()).toBe("next");
  });

  test("streamed: an echo that answers while it is sent to gets all of it", async () => {
    const { client, wire, answer } = await wireClient();
    const source = new Source();
    const request = inChunks(client);
    const sent = client.connection.send(request, client.reader, { body: source, stream: true });
    await turn();
    await source.give("one");
    answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    const pieces = (await sent).stream()[Symbol.asyncIterator]();
    const next = async (): Promise<string | null> => {
      const { done, value } = await pieces.next();
      return done === true ? null : text(value as Uint8Array);
    };
    expect(await next()).toBe("one");
    wire.room = 0;
    await source.give("two");
    wire.room = 1000;
    wire.drain();
    await turn();
    expect(text(wire.written.subarray(request.length))).toBe("3\r\none\r\n3\r\ntwo\r\n");
    await source.end();
    answer("3\r\ntwo\r\n0\r\n\r\n");
    expect([await next(), await next()]).toEqual(["two", null]);
    expect([source.returned, client.standing]).toEqual([0, "idle, told 0"]);
  });

  test("streamed: an end of the answer before that of the body ends the connection", async () => {
    const { client, answer } = await wireClient();
    const source = new Source();
    const sent = client.connection.send(inChunks(client), client.reader, { body: source, stream: true });
    await turn();
    await source.give("one");
    answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    const response = await sent;
    answer("ok");
    for await (const _ of response.stream());
    expect([source.returned, client.standing]).toEqual([1, "closed, told 1"]);
  });

  test("streamed: a refusal stops the body at its head", async () => {
    const { client, wire, answer } = await wireClient();
    const source = new Source();
    const sent = client.connection.send(inChunks(client), client.reader, { body: source, stream: true });
    await turn();
    answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n");
    const response = await sent;
    expect(source.returned).toBe(1);
    const before = wire.written.length;
    await source.give("more");
    expect(wire.written.length).toBe(before);
    answer("no");
    for await (const piece of response.stream()) expect(text(piece)).toBe("no");
    expect(client.standing).toBe("closed, told 1");
  });

  test("streamed: nor does it go on with what the kernel had not taken", async () => {
    for (const streamed of [false, true]) {
      const { client, wire, answer } = await wireClient();
      wire.room = 0;
      wire.takes.push(60);
      const stage = client.writer.post("/");
      const request = streamed ? stage.bodyStream(1000).finish() : stage.body("x".repeat(1000)).finish();
      const options = streamed ? { body: ["x".repeat(1000)], stream: true } : { stream: true };
      const sent = client.connection.send(request, client.reader, options);
      await turn();
      answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n");
      const response = await sent;
      const before = wire.writes.length;
      wire.room = 5000;
      wire.drain();
      await turn();
      expect(wire.writes.length).toBe(before);
      answer("no");
      expect((await bodyOfStream(response)).toString()).toBe("no");
      expect(client.standing).toBe("closed, told 1");
    }
  });

  test("streamed: a body that fails fails the stream, with all its bytes counted", async () => {
    const { client, wire, answer } = await wireClient();
    const source = new Source();
    const sent = client.connection.send(inChunks(client), client.reader, { body: source, stream: true });
    await turn();
    await source.give("one");
    answer("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nsome");
    const response = await sent;
    const read = outcomeOf(bodyOfStream(response));
    await turn();
    await source.fail(new Error("its own"));
    expect(await read).toEqual(["REQUEST_BODY_FAILED", "response-started", wire.written.length]);
    expect(client.standing).toBe("closed, told 1");
  });
});
