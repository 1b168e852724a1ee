import { describe, expect, spyOn, test } from "bun:test";
import { ProtocolError, UsageError } from "../../src/codec/errors.ts";
import { RequestWriter } from "../../src/codec/http/request-writer.ts";
import { ResponseReader } from "../../src/codec/http/response-reader.ts";
import { HttpConnection } from "../../src/http/connection.ts";
import { TransportError } from "../../src/socket/errors.ts";
import { memoryPair } from "../../src/socket/memory-pair.ts";
import { pattern } from "../helpers/bytes.ts";
import { turn, until } from "../helpers/wait.ts";
import { rejection } from "../socket/support.ts";
import {
  type Answer,
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

describe("one request after another", () => {
  test("goes over one connection, each with its own answer", async () => {
    using server = new RawServer();
    using client = await Client.connect(server);
    for (let number = 0; number < 200; number++) {
      const response = await client.get(`/${number}`);
      expect([response.status, response.bodyText()]).toEqual([200, `GET /${number} HTTP/1.1`]);
      expect(client.connection.isReusable).toBe(true);
    }
    expect(server.peers.length).toBe(1);
    expect(server.requests.length).toBe(200);
    expect(client.standing).toBe("idle, told 0");
  });

  test("brings the request as it was written", async () => {
    using server = new RawServer();
    using client = await Client.connect(server);
    const writer = new RequestWriter("api.example.com", { basePath: "/api/v3" }).defaultHeader("X-Key", "k");
    const request = writer.post("/order").query("symbol", "BTC USD").header("X-Time", 7).body("é=1").finish();
    await client.connection.send(request, client.reader);
    const [seen] = server.requests;
    expect(seen?.line).toBe("POST /api/v3/order?symbol=BTC%20USD HTTP/1.1");
    expect(seen?.fields).toEqual([
      ["Host", "api.example.com"],
      ["X-Key", "k"],
      ["X-Time", "7"],
      ["Content-Length", "4"],
    ]);
    expect(seen?.body.toString()).toBe("é=1");
  });

  test("gives the answer that came in any pieces", async () => {
    const bytes = Buffer.from(ok("hello", "X: y\r\n"));
    for (let cut = 1; cut < bytes.length; cut++) {
      const { client, wire } = await wireClient();
      const response = client.get();
      wire.deliver(bytes.subarray(0, cut));
      expect(client.connection.state).toBe("busy");
      wire.deliver(bytes.subarray(cut));
      expect((await response).bodyText()).toBe("hello");
      expect(client.connection.isReusable).toBe(true);
    }
  });

  test("lends the response until the next send, whatever happens to the connection", async () => {
    const { client, wire, answer } = await wireClient();
    const response = client.get();
    answer(ok("kept"));
    const kept = await response;
    wire.end();
    wire.close(new Error("reset"));
    expect(kept.bodyText()).toBe("kept");
  });

  test("carries bodies larger than the ring, however they are framed", async () => {
    const big = Buffer.from(pattern(300_000));
    const text = big.toString("latin1");
    const answers: Record<string, () => Uint8Array> = {
      "/length": () =>
        Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${big.length}\r\n\r\n`), Buffer.from(big)]),
      "/chunked": () => {
        const pieces = Array.from({ length: 300 }, (_, at) => text.slice(at * 1000, at * 1000 + 1000));
        const body = [...pieces, ""].map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("");
        return Buffer.from(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`, "latin1");
      },
      "/close": () => Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), big]),
    };
    using server = new RawServer({
      answer(request, peer) {
        peer.send(answers[request.target]?.() ?? "");
        if (request.target === "/close") peer.end();
        return null;
      },
    });
    using client = await Client.connect(server, {}, { capacity: 1024 });
    for (const path of ["/length", "/chunked", "/length", "/close"]) {
      const response = await client.get(path);
      expect([path, Buffer.compare(response.bodyBytes(), big)]).toEqual([path, 0]);
    }
    expect(client.standing).toBe("closed, told 1");
  });

  test("fills a head into a ring that it has no room to spare in, and refuses one that is larger", async () => {
    for (const size of [255, 256, 257, 300, 600]) {
      const { client, answer } = await wireClient({}, { capacity: 256 });
      const sent = client.get();
      const head = `HTTP/1.1 200 OK\r\nContent-Length: 300\r\nX: `;
      answer(`${head}${"x".repeat(size - head.length - 4)}\r\n\r\n${"b".repeat(300)}`);
      if (size <= 256) expect((await sent).bodyText()).toBe("b".repeat(300));
      else {
        const error = await failureOf(sent);
        expect((error.cause as ProtocolError).code).toBe("HTTP_HEAD_TOO_LARGE");
      }
    }
  });
});

describe("keep-alive (RFC 9112 section 9.3)", () => {
  const CASES: readonly [why: string, reused: boolean, answer: string][] = [
    ["HTTP/1.1 persists", true, ok()],
    ["HTTP/1.0 does not", false, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
    ["HTTP/1.0 that says so does", true, "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok"],
    ["close ends it", false, ok("x", "Connection: close\r\n")],
    ["whatever its case", false, ok("x", "cOnNection: CLOSE\r\n")],
    ["in a list", false, ok("x", "Connection: x-a ,\tclose , x-b\r\n")],
    ["in a second field", false, ok("x", "Connection: x-a\r\nConnection: close\r\n")],
    ["before keep-alive", false, ok("x", "Connection: close, keep-alive\r\n")],
    ["behind it", false, ok("x", "Connection: keep-alive, close\r\n")],
    ["not as part of a name", true, ok("x", "Connection: closed, x-close\r\n")],
    ["not in another field", true, ok("x", "X-Connection: close\r\n")],
    ["on 204", false, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"],
    ["on 304", false, "HTTP/1.1 304 Not Modified\r\nConnection: close\r\nContent-Length: 7\r\n\r\n"],
    ["on 404", false, ok("x", "Connection: close\r\n", "404 Not Found")],
    ["on 500", false, ok("x", "Connection: close\r\n", "500 Oh")],
    [
      "on a chunked one",
      false,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunked("a")}`,
    ],
    ["an error alone does not", true, ok("x", "", "500 Oh")],
    ["nor a redirect", true, ok("", "Location: /other\r\n", "302 Found")],
    ["a chunked one persists", true, `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked("a", "bc")}`],
    ["also on status 999", true, ok("x", "", "999 Odd")],
  ];
  test.each(CASES)("%s: %p", async (_, reused, answer) => {
    const { client, wire, answer: deliver } = await wireClient();
    const sent = client.get();
    deliver(answer);
    await sent;
    expect(client.connection.isReusable).toBe(reused);
    expect(client.standing).toBe(reused ? "idle, told 0" : "closed, told 1");
    // Ours to end: in order, after the whole answer.
    expect(wire.calls).toEqual(reused ? [] : ["shutdown"]);
  });

  test.each(["close", "x, Close", "keep-alive, close"])(
    "a request that says Connection: %s is the last",
    async (value) => {
      using server = new RawServer();
      using client = await Client.connect(server);
      const request = client.writer.get("/").header("Connection", value).finish();
      expect((await client.connection.send(request, client.reader)).status).toBe(200);
      expect(client.standing).toBe("closed, told 1");
      expect(await outcomeOf(client.get())).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
      await until(() => server.peers[0]?.gone === true);
      expect(server.requests.length).toBe(1);
    },
  );

  test("Keep-Alive: timeout= less its margin is when an idle connection has expired", async () => {
    const CLOCK: readonly [fields: string, margin: number, reusable: boolean][] = [
      ["Keep-Alive: timeout=5\r\n", 500, true],
      ["Keep-Alive: timeout=5, max=100\r\n", 4_000, true],
      ["Keep-Alive: max=100, TIMEOUT=5\r\n", 5_000, false],
      ["Keep-Alive: timeout=1\r\n", 1_500, false],
      ["Keep-Alive: timeout=0\r\n", 0, false],
      ["Keep-Alive: timeout=soon\r\n", 60_000, true],
      ["Keep-Alive: max=1\r\n", 60_000, true],
      ["", 60_000, true],
    ];
    for (const [fields, keepAliveMargin, reusable] of CLOCK) {
      const { client, wire, answer } = await wireClient({ keepAliveMargin });
      const sent = client.get();
      answer(ok("", fields));
      await sent;
      expect([fields, client.connection.isReusable]).toEqual([fields, reusable]);
      expect(client.standing).toBe(reusable ? "idle, told 0" : "closed, told 1");
      expect(wire.calls).toEqual(reusable ? [] : ["shutdown"]);
      if (reusable) continue;
      expect(await outcomeOf(client.get())).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
      expect(wire.written.length).toBe("GET / HTTP/1.1\r\nHost: h\r\n\r\n".length);
    }
  });

  test("expiry is seen by send itself, and forgotten where a later answer says nothing of it", async () => {
    const { client, answer } = await wireClient({ keepAliveMargin: 990 });
    let sent = client.get();
    answer(ok("", "Keep-Alive: timeout=1\r\n"));
    await sent;
    sent = client.get();
    answer(ok());
    await sent;
    await Bun.sleep(20);
    expect(client.connection.isReusable).toBe(true);
    sent = client.get();
    answer(ok("", "Keep-Alive: timeout=1\r\n"));
    await sent;
    await Bun.sleep(20);
    expect(await outcomeOf(client.get())).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
    expect(client.standing).toBe("closed, told 1");
  });
});

describe("bodies that are not there", () => {
  const CASES: readonly [method: string, answer: string][] = [
    ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"],
    ["HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["HEAD", "HTTP/1.1 200 OK\r\n\r\n"],
    ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n"],
    ["DELETE", "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n"],
  ];
  test.each(CASES)("%s %p is whole, and another request follows", async (method, text) => {
    for (const stream of [false, true]) {
      const { client, answer } = await wireClient();
      const sent = client.connection.send(client.writer.request(method, "/").finish(), client.reader, { stream });
      answer(text);
      const response = await sent;
      expect([response.bodyLength, response.streamed, client.connection.state]).toEqual([0, false, "idle"]);
      const next = client.get();
      answer(ok("next"));
      expect((await next).bodyText()).toBe("next");
    }
  });

  test("a body behind one of them is no answer to the next request", async () => {
    const { client, answer } = await wireClient();
    const sent = client.connection.send(client.writer.head("/").finish(), client.reader);
    answer(ok("unexpected"));
    expect((await sent).status).toBe(200);
    expect(client.standing).toBe("closed, told 1");
    expect((await failureOf(client.get())).cause).toBeInstanceOf(ProtocolError);
  });
});

describe("bodies that end with the connection", () => {
  test("are whole at FIN", async () => {
    using server = new RawServer({
      answer: (_, peer) => {
        peer.send("HTTP/1.1 200 OK\r\n\r\nuntil").send(" the end").end();
        return null;
      },
    });
    using client = await Client.connect(server);
    expect((await client.get()).bodyText()).toBe("until the end");
    expect(client.standing).toBe("closed, told 1");
  });

  test("are cut by RST, not ended", async () => {
    const { client, wire, answer } = await wireClient();
    const sent = client.get();
    answer("HTTP/1.1 200 OK\r\n\r\nhalf of i");
    const reset = new TransportError("CONNECTION_RESET", "reset");
    wire.close(reset);
    const error = await failureOf(sent);
    expect([error.code, error.progress, error.cause]).toEqual(["REQUEST_CONNECTION_LOST", "response-started", reset]);
  });

  test("may be empty", async () => {
    const { client, wire, answer } = await wireClient();
    const sent = client.get();
    answer("HTTP/1.0 200 OK\r\n\r\n");
    wire.end();
    expect((await sent).bodyLength).toBe(0);
  });
});

describe("interim responses", () => {
  test("are passed over, and can be read", async () => {
    const seen: (string | null)[] = [];
    const { client, answer } = await wireClient(
      {},
      { informational: (response) => seen.push(`${response.status} ${response.header("link")}`) },
    );
    const sent = client.get();
    answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
    answer("HTTP/1.1 102 Processing\r\n\r\n");
    expect(client.connection.state).toBe("busy");
    answer(ok("final"));
    expect((await sent).bodyText()).toBe("final");
    expect(seen).toEqual(["100 null", "103 </a.css>", "102 null"]);
    expect(client.connection.isReusable).toBe(true);
  });

  test("are of no avail alone", async () => {
    const { client, wire, answer } = await wireClient();
    const sent = client.get();
    answer("HTTP/1.1 103 Early Hints\r\n\r\n");
    wire.end();
    expect(await outcomeOf(sent)).toEqual(["REQUEST_CONNECTION_LOST", "response-started", 27]);
  });

  test("a listener of theirs that throws fails the request, and nothing else", async () => {
    using server = new RawServer({ answer: () => `HTTP/1.1 103 Early Hints\r\n\r\n${ok()}` });
    const thrown = new Error("the listener's own");
    using client = await Client.connect(
      server,
      {},
      {
        informational() {
          throw thrown;
        },
      },
    );
    const error = await failureOf(client.get());
    expect(error.code).toBe("REQUEST_CONNECTION_LOST");
    expect((error.cause as TransportError).code).toBe("CONNECTION_HANDLER_THREW");
    expect((error.cause as TransportError).cause).toBe(thrown);
    expect(client.standing).toBe("closed, told 1");
  });
});

describe("a connection that is ended from within the answer", () => {
  const ENDS: readonly [how: string, code: string, end: (client: Client, controller: AbortController) => void][] = [
    ["close", "REQUEST_CONNECTION_CLOSED", (client) => client.connection.close()],
    ["terminate", "REQUEST_CONNECTION_CLOSED", (client) => client.connection.terminate()],
    ["abort", "REQUEST_ABORTED", (_, controller) => controller.abort()],
  ];
  test.each(ENDS)("by %s stays ended", async (_, code, end) => {
    for (const where of ["interim", "decoder"]) {
      const controller = new AbortController();
      const held: { client: Client | null } = { client: null };
      const strike = (): void => {
        if (held.client !== null) end(held.client, controller);
      };
      const { client, answer } = await wireClient(
        {},
        where === "interim"
          ? { informational: strike }
          : {
              decoders: {
                test(bytes) {
                  strike();
                  return bytes;
                },
              },
            },
      );
      held.client = client;
      const request = client.writer.get("/").finish();
      const sent = client.connection.send(request, client.reader, { signal: controller.signal });
      answer(`HTTP/1.1 103 Early Hints\r\n\r\n${ok("too late", "Content-Encoding: test\r\n")}`);
      expect((await failureOf(sent)).code as string).toBe(code);
      expect([client.standing, client.connection.isReusable]).toEqual(["closed, told 1", false]);
    }
  });
});

describe("an idle connection dies at once, in the callback that tells of it", () => {
  const DEATHS: readonly [why: string, die: (wire: Awaited<ReturnType<typeof wireClient>>["wire"]) => void][] = [
    ["FIN", (wire) => wire.end()],
    ["RST", (wire) => wire.close(new TransportError("CONNECTION_RESET", "reset"))],
    ["a whole response", (wire) => wire.deliver(Buffer.from(ok("poison")))],
    [
      "408 and FIN",
      (wire) => {
        wire.deliver(Buffer.from(ok("", "Connection: close\r\n", "408 Request Timeout")));
        wire.end();
      },
    ],
    ["a single byte", (wire) => wire.deliver(Uint8Array.of(10))],
  ];
  test.each(DEATHS)("of %s", async (why, die) => {
    for (const used of [false, true]) {
      const { client, wire, answer } = await wireClient();
      if (used) {
        const sent = client.get();
        answer(ok("first"));
        expect((await sent).bodyText()).toBe("first");
      }
      wire.takeWritten();
      const seen: string[] = [];
      client.connection.onClosed = () => seen.push(`${client.connection.state} ${client.connection.isReusable}`);
      die(wire);
      expect([client.connection.state, client.connection.isReusable, seen]).toEqual([
        "closed",
        false,
        ["closed false"],
      ]);
      expect(wire.closed).toBe(true);
      const error = await failureOf(client.get());
      expect([error.code, error.progress, error.bytesSent]).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
      expect(wire.written.length).toBe(0);
      if (why === "RST") expect((error.cause as TransportError).code).toBe("CONNECTION_RESET");
      else if (why === "FIN") expect(error.cause).toBeUndefined();
      else expect((error.cause as ProtocolError).code).toBe("HTTP_RESPONSE_UNEXPECTED");
      expect(seen.length).toBe(1);
    }
  });

  test("over a real socket: FIN, RST and stray bytes", async () => {
    using server = new RawServer();
    const ends: ((client: Client) => void)[] = [
      () => server.peers.at(-1)?.end(),
      () => server.peers.at(-1)?.reset(),
      () => server.peers.at(-1)?.send(ok("nobody asked")),
    ];
    for (const end of ends) {
      using client = await Client.connect(server);
      await client.get();
      const { promise, resolve } = Promise.withResolvers<boolean>();
      client.connection.onClosed = () => resolve(client.connection.isReusable);
      end(client);
      expect(await promise).toBe(false);
      expect(await outcomeOf(client.get())).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
      await until(() => server.peers.at(-1)?.gone === true);
      expect(server.peers.at(-1)?.requests.length).toBe(1);
    }
  });

  test("also where it died before it was taken over", async () => {
    const [near, far] = memoryPair();
    far.attach({ onBytes() {}, onDrain() {}, onEnd() {}, onClose() {} });
    far.write(Buffer.from("banner"), 0, 6);
    await turn();
    const connection = await HttpConnection.connectWith(near, "http://h");
    expect([connection.state, connection.isReusable]).toEqual(["closed", false]);
  });
});

describe("bytes behind a response", () => {
  test.each([ok("second"), "\r\n", "H"])(
    "in its chunk end the connection, the response is given: %p",
    async (stray) => {
      const { client, wire, answer } = await wireClient();
      const sent = client.get();
      answer(ok("first") + stray);
      expect((await sent).bodyText()).toBe("first");
      expect([client.standing, wire.closed]).toEqual(["closed, told 1", true]);
      const error = await failureOf(client.get());
      expect((error.cause as ProtocolError).message).toContain(`${stray.length} bytes`);
    },
  );

  test("in a chunk of their own, too", async () => {
    const { client, answer } = await wireClient();
    const sent = client.get();
    answer(ok("first"));
    answer(ok("second"));
    expect((await sent).bodyText()).toBe("first");
    expect(client.standing).toBe("closed, told 1");
  });

  test("behind a body that ends with the connection belong to it", async () => {
    const { client, wire, answer } = await wireClient();
    const sent = client.get();
    answer(`HTTP/1.1 200 OK\r\n\r\n${ok("second")}`);
    wire.end();
    expect((await sent).bodyText()).toBe(ok("second"));
  });
});

test("an answer that comes before a byte of the request has left answers nothing", async () => {
  const { client, wire, answer } = await wireClient();
  wire.room = 0;
  const sent = client.get();
  answer(ok("for somebody else"));
  const error = await failureOf(sent);
  expect([error.code, error.progress, error.bytesSent]).toEqual(["REQUEST_BAD_RESPONSE", "not-sent", 0]);
  expect((error.cause as ProtocolError).code).toBe("HTTP_RESPONSE_UNEXPECTED");
  expect(client.standing).toBe("closed, told 1");
});

describe("one at a time", () => {
  test("a second request is refused, and the first does not notice", async () => {
    const { client, wire, answer } = await wireClient();
    const other = { writer: new RequestWriter("h"), reader: new ResponseReader() };
    const first = client.get("/first");
    const error = await rejection(
      client.connection.send(other.writer.get("/second").finish(), other.reader),
      UsageError,
    );
    expect(error.code).toBe("REQUEST_UNDER_WAY");
    expect(await rejection(client.get(), UsageError)).toMatchObject({ code: "REQUEST_UNDER_WAY" });
    expect(wire.writes.length).toBe(1);
    answer(ok("first"));
    expect((await first).bodyText()).toBe("first");
    const second = client.connection.send(other.writer.get("/second").finish(), other.reader);
    answer(ok("second"));
    expect((await second).bodyText()).toBe("second");
  });

  test("nor is one sent while a body is streamed", async () => {
    const { client, answer } = await wireClient();
    const sent = client.connection.send(client.writer.get("/").finish(), client.reader, { stream: true });
    answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    const response = await sent;
    expect(await rejection(client.get(), UsageError)).toMatchObject({ code: "REQUEST_UNDER_WAY" });
    answer("cde");
    const pieces: string[] = [];
    for await (const piece of response.stream()) pieces.push(Buffer.from(piece).toString());
    expect(pieces.join("")).toBe("abcde");
    expect(client.connection.isReusable).toBe(true);
  });

  test("what is wrong about a send rejects, and nothing is sent or lost", async () => {
    const { client, wire, answer } = await wireClient();
    const send = (options: object): Promise<unknown> =>
      client.connection.send(client.writer.get("/").finish(), client.reader, options);
    for (const timeout of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      expect(await rejection(send({ timeout }), UsageError)).toMatchObject({ code: "OPTION_OUT_OF_RANGE" });
    }
    expect(await rejection(send({ body: ["x"] }), UsageError)).toMatchObject({ code: "REQUEST_BODY_MISMATCH" });
    const streamed = client.connection.send(client.writer.post("/").bodyStream(null).finish(), client.reader);
    expect(await rejection(streamed, UsageError)).toMatchObject({ code: "REQUEST_BODY_MISMATCH" });
    expect([wire.writes.length, client.standing]).toEqual([0, "idle, told 0"]);
    const sent = client.get();
    answer(ok("fine"));
    expect((await sent).bodyText()).toBe("fine");
  });
});

describe("one reader for two connections", () => {
  test("is refused while the other awaits an answer, streams, or was upgraded", async () => {
    const one = await wireClient();
    const two = await wireClient();
    const { reader } = one.client;
    const request = (client: Client) => client.writer.get("/").finish();
    const refused = async (): Promise<void> => {
      const error = await rejection(two.client.connection.send(request(two.client), reader), UsageError);
      expect([error.code, two.wire.writes.length, two.client.standing]).toEqual([
        "RESPONSE_UNDER_WAY",
        0,
        "idle, told 0",
      ]);
    };
    const first = one.client.get();
    await refused();
    one.answer("HTTP/1.1 200 OK\r\nContent-Le");
    await refused();
    one.answer("ngth: 3\r\n\r\none");
    expect((await first).bodyText()).toBe("one");

    const streamed = one.client.connection.send(request(one.client), reader, { stream: true });
    one.answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\non");
    const pieces = (await streamed).stream()[Symbol.asyncIterator]();
    expect(Buffer.from((await pieces.next()).value as Uint8Array).toString()).toBe("on");
    await refused();
    one.answer("e");
    expect(Buffer.from((await pieces.next()).value as Uint8Array).toString()).toBe("e");
    // Read, but the loop may still look at its last piece.
    await refused();
    expect((await pieces.next()).done).toBe(true);

    const upgrade = one.client.connection.send(request(one.client), reader, { upgrade: true });
    one.answer("HTTP/1.1 101 Switching Protocols\r\n\r\nrest");
    await upgrade;
    await refused();
    expect(Buffer.from(one.client.connection.release().rest).toString()).toBe("rest");
    const after = two.client.connection.send(request(two.client), reader);
    two.answer(ok("two"));
    expect((await after).bodyText()).toBe("two");
  });

  test("serves them in turn, also after a failure of the other", async () => {
    const one = await wireClient();
    const two = await wireClient();
    const three = await wireClient();
    const { reader } = one.client;
    for (let round = 0; round < 3; round++) {
      for (const [name, each] of Object.entries({ one, two })) {
        const sent = each.client.connection.send(each.client.writer.get("/").finish(), reader);
        each.answer(ok(`${name} ${round}`));
        expect((await sent).bodyText()).toBe(`${name} ${round}`);
      }
    }
    const failing = two.client.connection.send(two.client.writer.get("/").finish(), reader);
    two.answer("HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n");
    expect((await failureOf(failing)).code).toBe("REQUEST_BAD_RESPONSE");
    for (const each of [one, three]) {
      const sent = each.client.connection.send(each.client.writer.get("/").finish(), reader);
      each.answer(ok("fine"));
      expect((await sent).bodyText()).toBe("fine");
    }
  });
});

test("a reader that a connection has laid aside is free, whatever the connection does", async () => {
  const one = await wireClient();
  const two = await wireClient();
  const aside = new ResponseReader();
  let sent = one.client.connection.send(one.client.writer.get("/").finish(), aside);
  one.answer(ok("one"));
  await sent;
  // In flight, with another reader.
  const waiting = one.client.get();
  sent = two.client.connection.send(two.client.writer.get("/").finish(), aside);
  two.answer(ok("two"));
  expect((await sent).bodyText()).toBe("two");
  one.answer(ok("three"));
  expect((await waiting).bodyText()).toBe("three");
});

describe("what breaks the protocol", () => {
  const FAULTS: readonly [code: string, answer: string, options?: object][] = [
    ["HTTP_STATUS_LINE", "HTTP/1.1 20 OK\r\n\r\n"],
    ["HTTP_STATUS_LINE", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["HTTP_VERSION", "HTTP/2.0 200 OK\r\n\r\n"],
    ["HTTP_FRAMING_CONFLICT", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["HTTP_CONTENT_LENGTH_CONFLICT", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"],
    ["HTTP_TRANSFER_ENCODING", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"],
    ["HTTP_CHUNK_SIZE", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["HTTP_BARE_LF", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"],
    ["HTTP_BODY_TOO_LARGE", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", { maxBodySize: 1000 }],
    [
      "HTTP_BODY_TOO_LARGE",
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n${"x".repeat(1000)}\r\n1\r\n`,
      { maxBodySize: 1000 },
    ],
    ["HTTP_BODY_TOO_LARGE", `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(1001)}`, { maxBodySize: 1000 }],
    ["HTTP_UPGRADE_UNEXPECTED", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["HTTP_TOO_MANY_INFORMATIONAL", "HTTP/1.1 102 Processing\r\n\r\n".repeat(65)],
  ];
  test.each(FAULTS)("%s fails the request and ends the connection", async (code, text, options = {}) => {
    const { client, wire, answer } = await wireClient({}, options);
    const sent = client.get();
    answer(text);
    const error = await failureOf(sent);
    expect([error.code, error.progress, error.bytesSent]).toEqual(["REQUEST_BAD_RESPONSE", "response-started", 27]);
    expect((error.cause as ProtocolError).code as string).toBe(code);
    expect([client.standing, wire.closed]).toEqual(["closed, told 1", true]);
    expect(await outcomeOf(client.get())).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
  });
});

describe("close", () => {
  test("of an idle connection ends it in order, once", async () => {
    using server = new RawServer();
    using client = await Client.connect(server);
    await client.get();
    client.connection.close();
    client.connection.close();
    expect(client.standing).toBe("closed, told 1");
    const peer = await server.peer();
    await peer.until(({ gone }) => gone);
    expect([peer.sawEnd, peer.closeError]).toEqual([true, null]);
  });

  test("cuts a server that does not end its half", async () => {
    const { client, wire } = await wireClient();
    client.connection.close();
    expect(wire.calls).toEqual(["shutdown"]);
    await until(() => wire.closed);
    expect(wire.calls).toEqual(["shutdown", "terminate"]);
  });

  test.each(["close", "terminate", "dispose"])("%s fails the request in flight", async (way) => {
    const { client, wire } = await wireClient();
    const sent = client.get();
    if (way === "close") client.connection.close();
    else if (way === "terminate") client.connection.terminate();
    else client.connection[Symbol.dispose]();
    expect(await outcomeOf(sent)).toEqual(["REQUEST_CONNECTION_CLOSED", "sent", 27]);
    expect([client.standing, wire.closed]).toEqual(["closed, told 1", true]);
  });

  test("terminate resets", async () => {
    using server = new RawServer();
    using client = await Client.connect(server);
    await client.get();
    client.connection.terminate();
    const peer = await server.peer();
    await peer.until(({ gone }) => gone);
    expect(client.standing).toBe("closed, told 1");
  });
});

test("with debug a response that expired cannot be read, and all else is the same", async () => {
  const { client, answer } = await wireClient({}, { debug: true });
  const first = client.get();
  answer(ok("first", "Keep-Alive: timeout=60\r\n"));
  const expired = await first;
  expect([expired.bodyText(), expired.keepAliveTimeout, client.connection.isReusable]).toEqual(["first", 60, true]);
  const second = client.connection.send(client.writer.get("/").finish(), client.reader, { stream: true });
  expect(() => expired.status).toThrow(expect.objectContaining({ code: "RESPONSE_EXPIRED" }));
  answer("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsec");
  const streamed = await second;
  answer("ond");
  expect((await bodyOfStream(streamed)).toString()).toBe("second");
  expect(client.standing).toBe("idle, told 0");
});

test("an onClosed that throws loses no answer", async () => {
  const report = spyOn(console, "error").mockImplementation(() => {});
  try {
    const { client, answer } = await wireClient();
    const thrown = new Error("the pool's own");
    client.connection.onClosed = () => {
      throw thrown;
    };
    const sent = client.get();
    answer(ok("given", "Connection: close\r\n"));
    expect((await sent).bodyText()).toBe("given");
    expect(client.connection.state).toBe("closed");
    expect(report.mock.calls).toEqual([[thrown]]);
  } finally {
    report.mockRestore();
  }
});

test("sending from within onClosed is refused, not lost", async () => {
  const { client, wire } = await wireClient();
  let outcome: unknown = null;
  client.connection.onClosed = () => {
    outcome = outcomeOf(client.get());
  };
  wire.end();
  expect(await outcome).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
});

describe("over a pair in memory that takes and gives little", () => {
  const answer: Answer = (request) => ok(`${request.target} ${request.body.length}`, "X-Pad: some more\r\n");
  test.each([{ writeSize: 1 }, { chunkSize: 1 }, { capacity: 1 }, { capacity: 7, chunkSize: 3, writeSize: 2 }])(
    "%p",
    async (options) => {
      const { client, peer } = await memoryClient({ answer }, options);
      for (let number = 0; number < 20; number++) {
        const request = client.writer
          .post(`/${number}`)
          .body("x".repeat(number * 10))
          .finish();
        const response = await client.connection.send(request, client.reader);
        expect(response.bodyText()).toBe(`/${number} ${number * 10}`);
      }
      expect(peer.requests.length).toBe(20);
      expect(client.standing).toBe("idle, told 0");
      client.connection.terminate();
    },
  );
});
