import { describe, expect, spyOn, test } from "bun:test";
import { TransportError } from "../../src/socket/errors.ts";
import { testTls } from "../helpers/peer-server.ts";
import type { ScriptedTransport } from "../helpers/scripted-transport.ts";
import { turn } from "../helpers/wait.ts";
import { bodyOfStream, Client, failureOf, ok, outcomeOf, RawServer, wireClient } from "./support.ts";

const reset = new TransportError("CONNECTION_RESET", "reset");

/** From here on `write` does this before it says how much it took. */
function within(wire: ScriptedTransport, act: () => void, taken?: number): void {
  const write = wire.write.bind(wire);
  wire.write = (bytes, offset, length) => {
    const took = write(bytes, offset, taken ?? length);
    wire.write = write;
    act();
    return taken === undefined ? took : Math.min(taken, took);
  };
}

describe("what the transport tells within a write", () => {
  test("RST, all taken: it was sent", async () => {
    const { client, wire } = await wireClient();
    within(wire, () => wire.close(reset));
    const error = await failureOf(client.get());
    expect([error.code, error.progress, error.bytesSent, error.cause]).toEqual([
      "REQUEST_CONNECTION_LOST",
      "sent",
      27,
      reset,
    ]);
    expect(client.standing).toBe("closed, told 1");
  });

  test("RST, a part taken: it was partly sent", async () => {
    const { client, wire } = await wireClient();
    within(wire, () => wire.close(reset), 5);
    expect(await outcomeOf(client.get())).toEqual(["REQUEST_CONNECTION_LOST", "partly-sent", 5]);
  });

  test("RST, nothing taken: its reason is the cause", async () => {
    const { client, wire } = await wireClient();
    wire.write = () => {
      wire.close(reset);
      return -1;
    };
    const error = await failureOf(client.get());
    expect([error.code, error.progress, error.bytesSent, error.cause]).toEqual([
      "REQUEST_CONNECTION_LOST",
      "not-sent",
      0,
      reset,
    ]);
    expect(client.standing).toBe("closed, told 1");
  });

  test("FIN: the same", async () => {
    const { client, wire } = await wireClient();
    within(wire, () => wire.end());
    expect(await outcomeOf(client.get())).toEqual(["REQUEST_CONNECTION_LOST", "sent", 27]);
  });

  test("the answer: it is given, and another request follows", async () => {
    const { client, wire } = await wireClient();
    for (let round = 0; round < 3; round++) {
      within(wire, () =>
        wire.deliver(Buffer.from(ok(`answer ${round}`).slice(0, 20)), Buffer.from(ok(`answer ${round}`).slice(20))),
      );
      expect((await client.get()).bodyText()).toBe(`answer ${round}`);
      expect(client.standing).toBe("idle, told 0");
    }
  });

  test("an interim response whose listener throws: the request fails, and nothing else", async () => {
    const thrown = new Error("the listener's own");
    const strike = (): void => {
      throw thrown;
    };
    const { client, wire } = await wireClient({}, { informational: strike });
    within(wire, () => wire.deliver(Buffer.from(`HTTP/1.1 103 Early Hints\r\n\r\n${ok()}`)));
    const error = await failureOf(client.get());
    expect([error.code, error.progress]).toEqual(["REQUEST_CONNECTION_LOST", "response-started"]);
    expect(error.cause).toMatchObject({ code: "CONNECTION_HANDLER_THREW", cause: thrown });
    expect([client.standing, wire.closed]).toEqual(["closed, told 1", true]);
  });

  test("a listener that throws once the connection is gone is told on the console, once", async () => {
    const report = spyOn(console, "error").mockImplementation(() => {});
    try {
      const thrown = new Error("the listener's own");
      const strike = (): void => {
        client.connection.terminate();
        throw thrown;
      };
      const { client, wire } = await wireClient({}, { informational: strike });
      within(wire, () => wire.deliver(Buffer.from(`HTTP/1.1 103 Early Hints\r\n\r\n${ok()}`)));
      expect((await failureOf(client.get())).code).toBe("REQUEST_CONNECTION_CLOSED");
      await turn();
      expect(report.mock.calls).toEqual([[thrown]]);
    } finally {
      report.mockRestore();
    }
  });

  test("the answer and FIN, in their order", async () => {
    const { client, wire } = await wireClient();
    within(wire, () => {
      wire.deliver(Buffer.from("HTTP/1.1 200 OK\r\n\r\nto the end"));
      wire.end();
    });
    expect((await client.get()).bodyText()).toBe("to the end");
    expect(client.standing).toBe("closed, told 1");
  });

  test("room: the rest goes", async () => {
    const { client, wire, answer } = await wireClient();
    within(wire, () => wire.drain(), 5);
    const sent = client.get();
    await turn();
    expect(wire.written.length).toBe(27);
    answer(ok());
    await sent;
    expect(client.connection.isReusable).toBe(true);
  });

  test("RST within the write of a streamed body", async () => {
    const { client, wire } = await wireClient();
    const request = client.writer.post("/").bodyStream(10).finish();
    const head = request.length;
    let returned = false;
    async function* body(): AsyncGenerator<string> {
      try {
        yield "01234";
        within(wire, () => wire.close(reset), 3);
        yield "56789";
      } finally {
        returned = true;
      }
    }
    const error = await failureOf(client.connection.send(request, client.reader, { body: body() }));
    expect([error.progress, error.bytesSent, error.cause]).toEqual(["partly-sent", head + 8, reset]);
    await turn();
    expect(returned).toBe(true);
  });
});

test("an answer that a refused write has behind it is given", async () => {
  const { client, wire, answer } = await wireClient();
  wire.takes.push(30);
  wire.room = 0;
  const sent = client.connection.send(client.writer.post("/").body("x".repeat(100)).finish(), client.reader);
  wire.write = () => -1;
  wire.drain();
  await turn();
  answer(ok("too large", "", "413 Content Too Large"));
  wire.close(reset);
  expect((await sent).bodyText()).toBe("too large");
  expect(client.standing).toBe("closed, told 1");
});

describe.each([
  ["TCP", {}, {}],
  ["TLS", { tls: "localhost" }, { tls: testTls() }],
] as const)("a reset that a write meets first, over %s", (_, serverOptions, options) => {
  test.each([false, true])("is no end of a body that ends with the connection; streamed: %p", async (stream) => {
    using server = new RawServer({
      ...serverOptions,
      onHead: (_, peer) => {
        peer.send("HTTP/1.1 200 OK\r\n\r\npart of the whole");
        return null;
      },
    });
    using client = await Client.connect(server, options);
    async function* body(): AsyncGenerator<string> {
      yield "first";
      const peer = await server.peer();
      await peer.until(({ bytesReceived, waiting }) => bytesReceived > 0 && waiting === 0);
      await turn();
      // The kernel knows of it, and the event loop has not looked.
      peer.reset();
      yield "into the void";
      yield "and again";
      await turn();
    }
    const request = client.writer.post("/").bodyStream(null).finish();
    const sent = client.connection.send(request, client.reader, { body: body(), stream });
    const error = await failureOf(stream ? sent.then(bodyOfStream) : sent);
    expect([error.code, error.progress]).toEqual(["REQUEST_CONNECTION_LOST", "response-started"]);
    expect(error.cause).toMatchObject({ code: "CONNECTION_RESET" });
  });
});

describe("a transport that takes no more, and does not say why", () => {
  test.concurrent.each(["get", "stream", "echo"])("fails the request, after a second: %s", async (kind) => {
    const { client, wire, answer } = await wireClient();
    async function* body(): AsyncGenerator<string> {
      yield "a";
      if (kind === "echo") answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
      await turn();
      wire.write = () => -1;
      yield "b";
    }
    const run = async (): Promise<unknown> => {
      if (kind === "get") {
        wire.write = () => -1;
        return client.get();
      }
      const request = client.writer.post("/").bodyStream(2).finish();
      const response = await client.connection.send(request, client.reader, { body: body(), stream: kind === "echo" });
      return bodyOfStream(response);
    };
    const error = await failureOf(run());
    expect(error.code).toBe("REQUEST_CONNECTION_LOST");
    expect((error.cause as TransportError).code).toBe("CONNECTION_LOST");
    expect(error.progress).toBe({ get: "not-sent", stream: "partly-sent", echo: "response-started" }[kind] as never);
    expect(client.standing).toBe("closed, told 1");
  });
});
