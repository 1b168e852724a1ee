import { describe, expect, test } from "bun:test";
import { TimeoutError } from "../../src/codec/errors.ts";
import type { RequestErrorCode, RequestProgress } from "../../src/http/errors.ts";
import type { SendOptions } from "../../src/http/options.ts";
import { TransportError } from "../../src/socket/errors.ts";
import type { ScriptedTransport } from "../helpers/scripted-transport.ts";
import { turn, until } from "../helpers/wait.ts";
import { Client, chunked, failureOf, memoryClient, ok, outcomeOf, RawServer, wireClient } from "./support.ts";

/** Bytes of the head that {@link order} writes. */
const HEAD = "POST /order HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n".length;
const WHOLE = HEAD + 12;

/** A place where a request can break: what the kernel takes of it, and what comes back. */
interface Place {
  readonly takes?: readonly number[];
  readonly answer?: string;
  readonly progress: RequestProgress;
  readonly bytesSent: number;
}

const PLACES: Readonly<Record<string, Place>> = {
  "before a byte": { takes: [0], progress: "not-sent", bytesSent: 0 },
  "after the first byte": { takes: [1], progress: "partly-sent", bytesSent: 1 },
  "in the head": { takes: [10, 5], progress: "partly-sent", bytesSent: 15 },
  "behind the head": { takes: [HEAD], progress: "partly-sent", bytesSent: HEAD },
  "before the last byte": { takes: [WHOLE - 1], progress: "partly-sent", bytesSent: WHOLE - 1 },
  "all sent": { progress: "sent", bytesSent: WHOLE },
  "all sent, in pieces": { takes: [1, 30, 1000], progress: "sent", bytesSent: WHOLE },
  "after a byte of the answer": { answer: "H", progress: "response-started", bytesSent: WHOLE },
  "after the status line": { answer: "HTTP/1.1 200 OK\r\n", progress: "response-started", bytesSent: WHOLE },
  "in the answer's head": { answer: "HTTP/1.1 200 OK\r\nContent-Le", progress: "response-started", bytesSent: WHOLE },
  "behind an interim answer": {
    answer: "HTTP/1.1 103 Early Hints\r\n\r\n",
    progress: "response-started",
    bytesSent: WHOLE,
  },
  "in a body with Content-Length": {
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123456789",
    progress: "response-started",
    bytesSent: WHOLE,
  },
  "before its first byte": {
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
    progress: "response-started",
    bytesSent: WHOLE,
  },
  "in a chunk": {
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1234",
    progress: "response-started",
    bytesSent: WHOLE,
  },
  "before the last chunk": {
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
    progress: "response-started",
    bytesSent: WHOLE,
  },
  "in the trailer section": {
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n",
    progress: "response-started",
    bytesSent: WHOLE,
  },
  "in an answer that came before the request was out": {
    takes: [HEAD],
    answer: "HTTP/1.1 413 Too Large\r\nContent-Length: 10\r\n\r\n1",
    progress: "response-started",
    bytesSent: HEAD,
  },
};

const places = Object.entries(PLACES);

/** Sends an order and lets it come as far as `place`. */
async function sendTo(place: Place, options: SendOptions = {}) {
  const wired = await wireClient();
  const { client, wire, answer } = wired;
  const takes = [...(place.takes ?? [WHOLE])];
  // What follows the last of them is refused.
  if (takes.reduce((sum, take) => sum + take, 0) < WHOLE) wire.room = 0;
  wire.takes.push(...takes);
  const sent = client.connection.send(order(client), client.reader, options);
  for (let more = takes.length; more > 1; more--) wire.drain();
  if (place.answer !== undefined) answer(place.answer);
  expect(client.connection.state).toBe("busy");
  return { ...wired, sent };
}

function order(client: Client) {
  return client.writer.post("/order").body('{"price":10}').finish();
}

async function poisoned(client: Client, wire: ScriptedTransport): Promise<void> {
  const before = wire.writes.length;
  expect([client.standing, client.connection.isReusable, wire.closed]).toEqual(["closed, told 1", false, true]);
  expect(await outcomeOf(client.get())).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
  expect(wire.writes.length).toBe(before);
}

describe.each(places)("a request that breaks %s", (_, place) => {
  const told = (code: RequestErrorCode): unknown[] => [code, place.progress, place.bytesSent];

  test("by RST", async () => {
    const { client, wire, sent } = await sendTo(place);
    const reset = new TransportError("CONNECTION_RESET", "reset");
    wire.close(reset);
    expect(await outcomeOf(sent)).toEqual(told("REQUEST_CONNECTION_LOST") as never);
    expect((await failureOf(sent)).cause).toBe(reset);
    await poisoned(client, wire);
  });

  test("by FIN", async () => {
    const { client, wire, sent } = await sendTo(place);
    wire.end();
    expect(await outcomeOf(sent)).toEqual(told("REQUEST_CONNECTION_LOST") as never);
    await poisoned(client, wire);
  });

  test("by its signal", async () => {
    const controller = new AbortController();
    const { client, wire, sent } = await sendTo(place, { signal: controller.signal });
    controller.abort("changed my mind");
    expect(await outcomeOf(sent)).toEqual(told("REQUEST_ABORTED") as never);
    expect((await failureOf(sent)).cause).toBe("changed my mind");
    await poisoned(client, wire);
  });

  test("by its timeout", async () => {
    const { client, wire, sent } = await sendTo(place, { timeout: 5 });
    const error = await failureOf(sent);
    expect([error.code, error.progress, error.bytesSent]).toEqual(told("REQUEST_TIMEOUT") as never);
    expect(error.cause).toBeInstanceOf(TimeoutError);
    expect([(error.cause as TimeoutError).timeout, (error.cause as TimeoutError).phase]).toEqual([5, "request"]);
    await poisoned(client, wire);
  });

  test("by close()", async () => {
    const { client, wire, sent } = await sendTo(place);
    client.connection.close();
    expect(await outcomeOf(sent)).toEqual(told("REQUEST_CONNECTION_CLOSED") as never);
    await poisoned(client, wire);
  });

  test("and says so in its message", async () => {
    const { sent, client } = await sendTo(place);
    client.connection.terminate();
    expect((await failureOf(sent)).message).toEndWith(`(${place.progress}, ${place.bytesSent} bytes)`);
  });
});

test("what is told of a request is told of it alone, however many went before", async () => {
  const { client, wire, answer } = await wireClient();
  for (let round = 0; round < 3; round++) {
    const plain = client.connection.send(order(client), client.reader);
    answer(ok());
    await plain;
    const streamed = client.writer.post("/").bodyStream(null).finish();
    const sent = client.connection.send(streamed, client.reader, { body: ["some", "pieces"] });
    await turn();
    answer(ok());
    await sent;
  }
  const sent = client.get();
  wire.close(new TransportError("CONNECTION_RESET", "reset"));
  expect(await outcomeOf(sent)).toEqual(["REQUEST_CONNECTION_LOST", "sent", 27]);
});

describe("over real sockets", () => {
  test("a server that stops reading: what the kernel took is told, and is what the server gets", async () => {
    using server = new RawServer({ stalled: true });
    using client = await Client.connect(server, { socket: { sendBufferSize: 8 << 10 } });
    const body = "x".repeat(900_000);
    const controller = new AbortController();
    let sent = client.connection.send(client.writer.post("/").body(body).finish(), client.reader, {
      signal: controller.signal,
    });
    await turn();
    controller.abort();
    const error = await failureOf(sent);
    const whole = client.writer.post("/").body(body).finish().length;
    if (error.bytesSent < whole) expect([error.code, error.progress]).toEqual(["REQUEST_ABORTED", "partly-sent"]);
    expect(error.bytesSent).toBeGreaterThan(0);

    // The same with an end in order, so that nothing of it is dropped by the reset.
    using second = await Client.connect(server, { socket: { sendBufferSize: 8 << 10 } });
    const large = Array.from({ length: 40 }, () => new Uint8Array(1 << 20));
    const request = second.writer
      .post("/")
      .bodyStream(large.length << 20)
      .finish();
    sent = second.connection.send(request, second.reader, { body: large });
    await turn();
    const peer = await server.peer(1);
    peer.countOnly();
    second.connection.transport.shutdown();
    peer.proceed();
    const cut = await failureOf(sent);
    expect(cut.progress).toBe("partly-sent");
    await peer.until(({ gone, sawEnd }) => gone || sawEnd);
    expect(peer.bytesReceived).toBe(cut.bytesSent);
  });

  test("RST in each phase", async () => {
    using server = new RawServer({
      onHead: (request, peer) => {
        if (request.target === "/in-body") peer.reset();
        return null;
      },
      answer: (request, peer) => {
        if (request.target === "/sent") peer.reset();
        return "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345";
      },
    });
    using first = await Client.connect(server);
    const sent = await failureOf(first.get("/sent"));
    expect([sent.code, sent.progress]).toEqual(["REQUEST_CONNECTION_LOST", "sent"]);
    expect((sent.cause as TransportError).code).toBe("CONNECTION_RESET");

    using second = await Client.connect(server);
    const inBody = second.writer.post("/in-body").bodyStream(null).finish();
    async function* drip(): AsyncGenerator<string> {
      for (;;) {
        yield "piece";
        await Bun.sleep(1);
      }
    }
    const dripped = await failureOf(second.connection.send(inBody, second.reader, { body: drip() }));
    expect([dripped.code, dripped.progress]).toEqual(["REQUEST_CONNECTION_LOST", "partly-sent"]);

    using third = await Client.connect(server);
    const started = third.get("/started");
    const peer = await server.peer(2);
    await peer.until(({ requests }) => requests.length === 1);
    await until(() => third.reader.started);
    peer.reset();
    expect(await outcomeOf(started)).toEqual(["REQUEST_CONNECTION_LOST", "response-started", 34]);
    // Not one of them was sent a second time.
    expect(server.peers.length).toBe(3);
    expect(server.requests.map(({ target }) => target)).toEqual(["/sent", "/started"]);
  });

  test("a connection that died unseen, used at once", async () => {
    using server = new RawServer();
    using client = await Client.connect(server);
    await client.get();
    // In one turn: nothing has told of the reset yet.
    server.peers[0]?.reset();
    const error = await failureOf(client.get("/again"));
    expect(["REQUEST_CONNECTION_LOST", "REQUEST_NOT_REUSABLE"]).toContain(error.code);
    expect(server.requests.length).toBe(1);
    expect(client.standing).toBe("closed, told 1");
  });
});

describe("the timeout", () => {
  test("of 0 is none", async () => {
    const { client, answer } = await wireClient();
    const sent = client.connection.send(order(client), client.reader, { timeout: 0 });
    await Bun.sleep(10);
    answer(ok("late"));
    expect((await sent).bodyText()).toBe("late");
  });

  test("ends with the answer: one request's does not cut the next", async () => {
    const { client, answer } = await wireClient();
    for (const timeout of [20, 1000, 30, 2000]) {
      const sent = client.connection.send(order(client), client.reader, { timeout });
      answer(ok());
      await sent;
    }
    await Bun.sleep(50);
    expect(client.standing).toBe("idle, told 0");
    const sent = client.get();
    await Bun.sleep(40);
    answer(ok("no limit"));
    expect((await sent).bodyText()).toBe("no limit");
  });

  test("of a request that was answered does not end the idle connection", async () => {
    const { client, answer } = await wireClient();
    const sent = client.connection.send(order(client), client.reader, { timeout: 10 });
    answer(ok());
    await sent;
    await Bun.sleep(30);
    expect(client.standing).toBe("idle, told 0");
  });

  test("is moved up where the next one is shorter", async () => {
    const { client, answer } = await wireClient();
    const sent = client.connection.send(order(client), client.reader, { timeout: 1_000_000 });
    answer(ok());
    await sent;
    const failed = await failureOf(client.connection.send(order(client), client.reader, { timeout: 10 }));
    expect(failed.code).toBe("REQUEST_TIMEOUT");
  });

  test("cuts an answer that trickles, although its timer is held up", async () => {
    const { client, answer } = await wireClient();
    const sent = client.connection.send(order(client), client.reader, { timeout: 5 });
    const started = performance.now();
    answer("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    // No timer can fire in here.
    while (client.connection.state === "busy" && performance.now() - started < 5_000) answer("x");
    expect(await outcomeOf(sent)).toEqual(["REQUEST_TIMEOUT", "response-started", WHOLE]);
  });

  test("gives an answer that is there, although its time is over", async () => {
    const { client, answer } = await wireClient();
    const sent = client.connection.send(order(client), client.reader, { timeout: 1 });
    const started = performance.now();
    while (performance.now() - started < 5);
    answer(ok("just so"));
    expect((await sent).bodyText()).toBe("just so");
    expect(client.connection.isReusable).toBe(true);
  });

  test("gives an answer that has arrived while the program held up the loop", async () => {
    using server = new RawServer({
      answer: (_, peer) => {
        peer.send(ok("it was there"));
        const started = performance.now();
        while (performance.now() - started < 40);
        return null;
      },
    });
    for (let round = 0; round < 5; round++) {
      using client = await Client.connect(server);
      const sent = client.connection.send(order(client), client.reader, { timeout: 20 });
      expect((await sent).bodyText()).toBe("it was there");
    }
  });

  test("reaches to the head of a streamed response, not to its body", async () => {
    const { client, answer } = await wireClient();
    const sent = client.connection.send(order(client), client.reader, { timeout: 20, stream: true });
    answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    const response = await sent;
    await Bun.sleep(40);
    answer("body");
    let text = "";
    for await (const piece of response.stream()) text += Buffer.from(piece).toString();
    expect(text).toBe("body");
  });
});

describe("the signal", () => {
  test("that has fired already sends nothing, and ends the connection", async () => {
    const { client, wire } = await wireClient();
    const sent = client.connection.send(order(client), client.reader, { signal: AbortSignal.abort("before") });
    expect(await outcomeOf(sent)).toEqual(["REQUEST_ABORTED", "not-sent", 0]);
    expect(wire.writes.length).toBe(0);
    await poisoned(client, wire);
  });

  test("is let go with the answer", async () => {
    const { client, wire, answer } = await wireClient();
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    for (let round = 0; round < 10; round++) {
      const sent = client.connection.send(order(client), client.reader, { signal });
      expect(listeners).toBe(1);
      answer(ok());
      await sent;
      expect(listeners).toBe(0);
    }
    const streamed = client.connection.send(order(client), client.reader, { signal, stream: true });
    answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo");
    const response = await streamed;
    expect(listeners).toBe(1);
    answer("dy");
    for await (const _ of response.stream());
    expect(listeners).toBe(0);
    const failing = client.connection.send(order(client), client.reader, { signal });
    wire.end();
    await failureOf(failing);
    expect(listeners).toBe(0);
    controller.abort();
    expect(client.standing).toBe("closed, told 1");
  });

  test("has no effect on a connection that is idle, or upgraded", async () => {
    const { client, answer } = await wireClient();
    const controller = new AbortController();
    const sent = client.connection.send(order(client), client.reader, { signal: controller.signal, upgrade: true });
    answer("HTTP/1.1 101 Switching Protocols\r\n\r\nhello");
    await sent;
    controller.abort();
    expect(client.connection.state).toBe("upgraded");
    expect(Buffer.from(client.connection.release().rest).toString()).toBe("hello");
  });
});

describe("Expect: 100-continue", () => {
  const BODY = "the body";
  const withBody = (client: Client) => client.writer.post("/").header("Expect", "100-continue").body(BODY).finish();
  const withStream = (client: Client) =>
    client.writer.post("/").header("Expect", "100-Continue").bodyStream(BODY.length).finish();

  const WAYS = [
    [
      "a body that is written",
      (client: Client, options: SendOptions = {}) => client.connection.send(withBody(client), client.reader, options),
    ],
    [
      "a body that is streamed",
      (client: Client, options: SendOptions = {}) =>
        client.connection.send(withStream(client), client.reader, { body: [BODY], ...options }),
    ],
  ] as const;

  describe.each(WAYS)("%s", (_, send) => {
    test("waits for the 100", async () => {
      const { client, wire, answer } = await wireClient({ continueTimeout: 100_000 });
      const sent = send(client);
      await turn();
      const head = Buffer.from(wire.takeWritten()).toString();
      expect(head).toEndWith("\r\n\r\n");
      expect(head.toLowerCase()).toContain("expect: 100-continue\r\n");
      // Spurious room, and another interim answer, are no leave.
      wire.drain();
      answer("HTTP/1.1 103 Early Hints\r\n\r\n");
      await turn();
      expect(wire.written.length).toBe(0);
      answer("HTTP/1.1 100 Continue\r\n\r\n");
      await turn();
      expect(Buffer.from(wire.written).toString()).toBe(BODY);
      answer(ok("done"));
      expect((await sent).bodyText()).toBe("done");
      expect(client.connection.isReusable).toBe(true);
    });

    test("the 100 and the final answer in one chunk", async () => {
      const { client, answer } = await wireClient({ continueTimeout: 100_000 });
      const sent = send(client);
      answer(`HTTP/1.1 100 Continue\r\n\r\n${ok("at once")}`);
      expect((await sent).bodyText()).toBe("at once");
      // The body is still owed, and what follows it would be taken for it.
      expect(client.standing).toBe("closed, told 1");
    });

    test("a final answer in its place is given, and the body is never sent", async () => {
      const { client, wire, answer } = await wireClient({ continueTimeout: 10 });
      const sent = send(client);
      const writes = wire.writes.length;
      answer(ok("no", "", "417 Expectation Failed"));
      expect((await sent).status).toBe(417);
      expect(client.standing).toBe("closed, told 1");
      await Bun.sleep(30);
      expect(wire.writes.length).toBe(writes);
    });

    test("without any answer the body goes after continueTimeout", async () => {
      const { client, wire, answer } = await wireClient({ continueTimeout: 10 });
      const sent = send(client);
      wire.takeWritten();
      await until(() => wire.written.length === BODY.length);
      // The 100 that comes late is passed over.
      answer(`HTTP/1.1 100 Continue\r\n\r\n${ok("late")}`);
      expect((await sent).bodyText()).toBe("late");
      expect(client.connection.isReusable).toBe(true);
    });

    test.each(["FIN", "abort", "timeout"])("%s while it waits: the head was sent, the body not", async (way) => {
      const { client, wire } = await wireClient({ continueTimeout: 20 });
      const controller = new AbortController();
      const sent = send(client, { signal: controller.signal, ...(way === "timeout" ? { timeout: 5 } : {}) });
      const head = wire.written.length;
      if (way === "FIN") wire.end();
      else if (way === "abort") controller.abort();
      const code = { FIN: "REQUEST_CONNECTION_LOST", abort: "REQUEST_ABORTED", timeout: "REQUEST_TIMEOUT" }[way];
      expect(await outcomeOf(sent)).toEqual([code, "partly-sent", head] as never);
      await Bun.sleep(40);
      expect(wire.written.length).toBe(head);
    });
  });

  test("a head that the kernel takes in parts goes on, the body behind it waits", async () => {
    const { client, wire, answer } = await wireClient({ continueTimeout: 100_000 });
    wire.takes.push(5, 10);
    const sent = client.connection.send(withBody(client), client.reader);
    wire.drain();
    wire.drain();
    const head = Buffer.from(wire.takeWritten()).toString();
    expect(head).toEndWith("\r\n\r\n");
    wire.takes.push(3);
    answer("HTTP/1.1 100 Continue\r\n\r\n");
    expect(Buffer.from(wire.written).toString()).toBe("the");
    wire.drain();
    expect(Buffer.from(wire.written).toString()).toBe(BODY);
    answer(ok());
    await sent;
    expect(client.connection.isReusable).toBe(true);
  });

  test("the wait of one request is over with it: the next has a whole one of its own", async () => {
    const { client, wire, answer } = await wireClient({ continueTimeout: 60 });
    let sent = client.connection.send(withBody(client), client.reader);
    answer("HTTP/1.1 100 Continue\r\n\r\n");
    answer(ok());
    await sent;
    await Bun.sleep(40);
    sent = client.connection.send(withBody(client), client.reader);
    const started = performance.now();
    wire.takeWritten();
    await until(() => wire.written.length > 0);
    expect(performance.now() - started).toBeGreaterThanOrEqual(59);
    answer(ok());
    await sent;
  });

  test("without a body there is nothing to wait for", async () => {
    const { client, answer } = await wireClient({ continueTimeout: 100_000 });
    const request = client.writer.get("/").header("Expect", "100-continue").finish();
    const sent = client.connection.send(request, client.reader);
    answer(ok("fine"));
    expect((await sent).bodyText()).toBe("fine");
    expect(client.connection.isReusable).toBe(true);
  });

  test("a real server that says 100 when it has read the head", async () => {
    using server = new RawServer({
      onHead: (request) => (request.field("Expect") === null ? null : "HTTP/1.1 100 Continue\r\n\r\n"),
      answer: (request) => ok(request.body.toString()),
    });
    using client = await Client.connect(server, { continueTimeout: 100_000 });
    for (let round = 0; round < 5; round++) {
      expect((await client.connection.send(withBody(client), client.reader)).bodyText()).toBe(BODY);
      const streamed = client.connection.send(withStream(client), client.reader, { body: ["the", " body"] });
      expect((await streamed).bodyText()).toBe(BODY);
    }
    expect(server.peers.length).toBe(1);
  });
});

describe("upgrade", () => {
  const upgrade = (client: Client) =>
    client.writer.get("/chat").header("Connection", "Upgrade").header("Upgrade", "echo/1").finish();
  const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n";

  test("an Upgrade field alone makes a 101 an answer, with and without options", async () => {
    for (const options of [undefined, {}, { timeout: 1000 }, { upgrade: true }]) {
      const { client, answer } = await wireClient();
      const sent = client.connection.send(upgrade(client), client.reader, options);
      answer(`${SWITCH}first bytes`);
      const response = await sent;
      expect([response.status, response.upgraded, client.connection.state]).toEqual([101, true, "upgraded"]);
      answer(", and more");
      const { transport, rest } = client.connection.release();
      expect(Buffer.from(rest).toString()).toBe("first bytes, and more");
      expect(transport).toBe(client.connection.transport);
      expect(client.standing).toBe("closed, told 1");
    }
  });

  test("may be forbidden", async () => {
    const { client, answer } = await wireClient();
    const sent = client.connection.send(upgrade(client), client.reader, { upgrade: false });
    answer(SWITCH);
    expect((await failureOf(sent)).code).toBe("REQUEST_BAD_RESPONSE");
  });

  test("that the server does not care for is an ordinary request", async () => {
    const { client, answer } = await wireClient();
    const sent = client.connection.send(upgrade(client), client.reader);
    answer(ok("plain"));
    expect((await sent).bodyText()).toBe("plain");
    expect(client.connection.isReusable).toBe(true);
    expect(() => client.connection.release()).toThrow("Cannot release connection: it is idle");
  });

  test("hands over a transport that carries bytes both ways, and the rest of any size", async () => {
    const rest = "r".repeat(200_000);
    using server = new RawServer({
      onHead: (_, peer) => {
        peer.goRaw();
        return SWITCH + rest;
      },
    });
    using client = await Client.connect(server, {}, { capacity: 4096 });
    expect((await client.connection.send(upgrade(client), client.reader)).header("upgrade")).toBe("echo/1");
    await Bun.sleep(5);
    const { transport, rest: first } = client.connection.release();
    let heard = Buffer.from(first).toString();
    transport.attach({
      onBytes: (chunk) => (heard += Buffer.from(chunk)),
      onDrain() {},
      onEnd: () => (heard += "FIN"),
      onClose() {},
    });
    transport.write(Buffer.from("hello"), 0, 5);
    const peer = await server.peer();
    await peer.until(({ raw }) => raw === "hello");
    peer.send("answer").end();
    await until(() => heard.endsWith("FIN"));
    expect(heard).toBe(`${rest}answerFIN`);
    transport.terminate();
    expect(client.standing).toBe("closed, told 1");
  });

  test.each(["a pair in memory", "a real socket"])(
    "a FIN right behind the 101 reaches who takes over: %s",
    async (where) => {
      const options = {
        onHead: (_: unknown, peer: { goRaw(): { send(text: string): { end(): unknown } } }) => {
          peer.goRaw().send(`${SWITCH}all`).end();
          return null;
        },
      };
      using server = new RawServer(options);
      using client = where === "a real socket" ? await Client.connect(server) : (await memoryClient(options)).client;
      await client.connection.send(upgrade(client), client.reader);
      await Bun.sleep(5);
      expect(client.connection.state).toBe("upgraded");
      const { transport, rest } = client.connection.release();
      const { promise, resolve } = Promise.withResolvers<void>();
      transport.attach({ onBytes() {}, onDrain() {}, onEnd: resolve, onClose() {} });
      expect(Buffer.from(rest).toString()).toBe("all");
      await promise;
      transport.terminate();
    },
  );

  test("success to CONNECT opens a tunnel, failure is a response", async () => {
    const { client, answer } = await wireClient();
    const connect = () => client.writer.request("CONNECT", "venue.example:443").finish();
    let sent = client.connection.send(connect(), client.reader);
    answer(ok("not you", "", "403 Forbidden"));
    expect((await sent).bodyText()).toBe("not you");
    expect(client.connection.isReusable).toBe(true);
    sent = client.connection.send(connect(), client.reader);
    // A tunnel has no body, whatever these say (RFC 9110 section 9.3.6).
    answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntunnelled");
    expect((await sent).upgraded).toBe(true);
    expect(Buffer.from(client.connection.release().rest).toString()).toBe("tunnelled");
  });

  test("is refused twice, and closes where nobody takes it over", async () => {
    const { client, wire, answer } = await wireClient();
    const sent = client.connection.send(upgrade(client), client.reader);
    answer(SWITCH);
    await sent;
    expect((await failureOf(client.get())).message).toContain("the connection is upgraded");
    client.connection.close();
    expect([client.standing, wire.calls.includes("shutdown")]).toEqual(["closed, told 1", true]);
    expect(() => client.connection.release()).toThrow("it is closed");
  });
});

test("an interrupted chunked answer tells of it also where it is streamed", async () => {
  const { client, wire, answer } = await wireClient();
  const sent = client.connection.send(order(client), client.reader, { stream: true });
  answer(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked("part").slice(0, -5)}`);
  const response = await sent;
  wire.end();
  const read = (async () => {
    for await (const _ of response.stream());
  })();
  expect(await outcomeOf(read)).toEqual(["REQUEST_CONNECTION_LOST", "response-started", WHOLE]);
});
