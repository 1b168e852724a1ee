import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { RequestWriter } from "../../src/codec/http/request-writer.ts";
import { ResponseReader } from "../../src/codec/http/response-reader.ts";
import { RequestError } from "../../src/http/errors.ts";
import { SpinHttpConnection } from "../../src/http/spin-connection.ts";
import type { SpinHttpOptions, SpinSendOptions } from "../../src/http/spin-options.ts";
import { ringMemory } from "../../src/socket/ring-memory.ts";
import { testTls } from "../helpers/peer-server.ts";

let server: Bun.Subprocess<"ignore", "pipe", "inherit">;
let url = "";
let secureUrl = "";
beforeAll(async () => {
  const script = fileURLToPath(new URL("./peers/spin-server.ts", import.meta.url));
  server = Bun.spawn([process.execPath, script], { stdio: ["ignore", "pipe", "inherit"] });
  const { value } = await server.stdout.getReader().read();
  const [plain, secure] = JSON.parse(new TextDecoder().decode(value));
  url = `http://127.0.0.1:${plain}`;
  secureUrl = `https://localhost:${secure}`;
});
afterAll(async () => {
  server.kill();
  await server.exited;
});

const writer = new RequestWriter("h", { capacity: 1 << 20 });
const open = (options: SpinHttpOptions = {}): SpinHttpConnection => SpinHttpConnection.connectSync(url, options);

function get(connection: SpinHttpConnection, path: string, options: SpinSendOptions = LIMIT): string {
  const response = connection.send(writer.get(path).finish(), new ResponseReader(), options);
  return `${response.status} ${response.bodyText()}`;
}

/** What matters of a failure, as it is compared. */
function outcomeOf(act: () => unknown): unknown[] {
  try {
    act();
  } catch (error) {
    if (error instanceof RequestError) return [error.code, error.progress, error.bytesSent > 0];
    return [(error as { code?: string }).code ?? error];
  }
  throw new Error("it was to fail");
}

const LIMIT: SpinSendOptions = { timeout: 20_000 };

describe("an answer", () => {
  for (const wait of ["spin", "poll", "spin-then-poll"] as const) {
    test(`comes whole, waiting by ${wait}`, () => {
      using connection = open({ wait });
      const reader = new ResponseReader();
      for (let turn = 0; turn < 3; turn++) {
        const request = writer.post("/echo").body(`number ${turn}`).finish();
        const response = connection.send(request, reader, LIMIT);
        expect([response.status, response.header("x-name"), response.bodyText()]).toEqual([
          200,
          "value",
          `POST number ${turn}`,
        ]);
      }
      expect(get(connection, "/in-pieces")).toBe("200 slowly");
      expect(connection.isReusable).toBe(true);
    });
  }

  test("may be large, chunked, empty, behind an interim one, read a few bytes at a time", () => {
    for (const maxReadSize of [1 << 16, 100]) {
      using connection = open({ maxReadSize });
      expect(get(connection, "/large").length).toBe(300_004);
      expect(get(connection, "/chunked")).toBe(`200 onetwo${"three".repeat(1000)}`);
      expect(get(connection, "/no-content")).toBe("204 ");
      expect(get(connection, "/early-hints")).toBe("200 final");
      expect(connection.state).toBe("idle");
    }
  });

  test("is read with one reader, whatever its ring is made of and however small it is", () => {
    using connection = open();
    for (const memory of [ringMemory(4096), null]) {
      const reader = new ResponseReader(memory === null ? { capacity: 1024 } : { memory });
      for (let turn = 0; turn < 20; turn++) {
        for (const [path, length] of [
          ["/large", 300_000],
          ["/chunked", 5006],
          ["/echo", 4],
        ] as const) {
          const response = connection.send(writer.get(path).finish(), reader, LIMIT);
          expect(response.bodyBytes().length).toBe(length);
        }
      }
    }
  });

  test("can be read by one reader for two connections in turn, also after the one failed", () => {
    using one = open();
    using two = open();
    const reader = new ResponseReader();
    const ask = (connection: SpinHttpConnection, path: string): string =>
      connection.send(writer.get(path).finish(), reader, LIMIT).bodyText();
    expect([ask(one, "/echo"), ask(two, "/echo"), ask(one, "/to-the-end"), ask(two, "/echo")]).toEqual([
      "GET ",
      "GET ",
      "all of it",
      "GET ",
    ]);
  });

  test("ends with the connection where it says no length, and the connection with it", () => {
    const connection = open();
    expect(get(connection, "/to-the-end")).toBe("200 all of it");
    expect([connection.state, connection.fd]).toEqual(["closed", -1]);
    expect(outcomeOf(() => get(connection, "/echo"))).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", false]);
  });
});

test("what the caller does wrong throws at once", () => {
  using connection = open();
  const request = writer.post("/echo").bodyStream(4).finish();
  expect(outcomeOf(() => connection.send(request, new ResponseReader()))).toEqual(["REQUEST_BODY_MISMATCH"]);
  expect(outcomeOf(() => get(connection, "/echo", { timeout: -1 }))).toEqual(["OPTION_OUT_OF_RANGE"]);
  expect(get(connection, "/echo")).toBe("200 GET ");
});

test("an answer that pours in without an end is cut when its time is over", () => {
  const connection = open({ maxReadSize: 16 });
  const request = writer.get("/pouring").finish();
  const reader = new ResponseReader({ maxBodySize: 1 << 30 });
  expect(outcomeOf(() => connection.send(request, reader, { timeout: 100 }))).toEqual([
    "REQUEST_TIMEOUT",
    "response-started",
    true,
  ]);
  expect(connection.state).toBe("closed");
});

test("a large request and an answer cross each other", () => {
  using connection = open();
  const request = writer
    .post("/echo")
    .body("b".repeat(1 << 19))
    .finish();
  expect(connection.send(request, new ResponseReader({ maxBodySize: 1 << 20 }), LIMIT).bodyBytes().length).toBe(
    (1 << 19) + 5,
  );
});

test("over TLS it is the same, and an untrusted certificate is told no request", async () => {
  using connection = await SpinHttpConnection.connect(secureUrl, { tls: testTls() });
  for (const [path, length] of [
    ["/large", 300_004],
    ["/chunked", 5010],
    ["/in-pieces", 10],
    ["/echo", 8],
  ] as const) {
    expect(get(connection, path).length).toBe(length);
  }
  expect(connection.isReusable).toBe(true);
  expect(get(connection, "/to-the-end")).toBe("200 all of it");
  expect(connection.state).toBe("closed");
  await expect(SpinHttpConnection.connect(secureUrl)).rejects.toMatchObject({ code: "TLS_VERIFICATION_FAILED" });
});

test("names need connect, and what is refused there is told as it is", async () => {
  using connection = await SpinHttpConnection.connect(url.replace("127.0.0.1", "localhost"));
  expect(get(connection, "/echo")).toBe("200 GET ");
  expect(connection.origin).toStartWith("http://localhost:");
  expect(connection.socketInfo()?.options.noDelay).toBe(true);
  expect(outcomeOf(() => SpinHttpConnection.connectSync("http://localhost"))).toEqual(["SPIN_NEEDS_ADDRESS"]);
  expect(outcomeOf(() => SpinHttpConnection.connectSync("http://127.0.0.1:1"))).toEqual(["CONNECT_REFUSED"]);
  expect(outcomeOf(() => SpinHttpConnection.connectSync("ws://127.0.0.1"))).toEqual(["URL_INVALID"]);
});
