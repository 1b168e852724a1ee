import { expect, test } from "bun:test";
import { parseFault } from "../../examples/exchange/faults.ts";
import { startExchange } from "../../examples/exchange/server.ts";
import { pauseAfter, RestSession, venueComplaint } from "../../examples/rest-session.ts";
import { RequestError } from "../../index.ts";

const STILL = { rate: 0, symbols: ["BTCUSDT"] };

test("requests share a connection, and one that is gone is opened again", async () => {
  await using exchange = await startExchange({ ...STILL, faults: [parseFault("rest-close@1")] });
  using session = new RestSession(exchange.restUrl);
  for (const connects of [1, 1, 2]) {
    await session.connect();
    const response = await session.send(session.writer.get("/api/v3/ping").finish());
    expect([response.status, session.connects]).toEqual([200, connects]);
  }
  expect(session.isReady).toBe(true);
});

test("a request that fails is not sent again", async () => {
  await using exchange = await startExchange({ ...STILL, faults: [parseFault("rest-cut=after@0")] });
  using session = new RestSession(exchange.restUrl);
  await session.connect();
  const failure = await session.send(session.writer.get("/api/v3/ping").finish()).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RequestError);
  expect([session.isReady, session.connects]).toEqual([false, 1]);
});

test("a request before there is a connection is a mistake", () => {
  using session = new RestSession("http://127.0.0.1:1");
  expect(() => session.send(session.writer.get("/").finish())).toThrow("the session is not connected");
});

test("what the venue complains of, and how long it wants to be left alone", async () => {
  const answers: readonly [
    status: number,
    body: string,
    headers: Record<string, string>,
    complaint: string,
    pause: number,
  ][] = [
    [400, '{"code":-1121,"msg":"Invalid symbol."}', {}, "400: -1121 Invalid symbol.", 0],
    [503, "<html>", { "Retry-After": "9" }, "503: <html>", 0],
    [429, '{"code":-1003,"msg":"Slow down."}', { "Retry-After": "7" }, "429: -1003 Slow down.", 7_000],
    [418, "", {}, "418: ", 1_000],
    [429, "", { "Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT" }, "429: ", 1_000],
  ];
  let at = 0;
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => {
      const [status = 200, body = "", headers = {}] = answers[at] ?? [];
      return new Response(body, { status, headers });
    },
  });
  using session = new RestSession(server.url.href);
  for (; at < answers.length; at++) {
    await session.connect();
    const response = await session.send(session.writer.get("/").finish());
    expect<unknown>([venueComplaint(response), pauseAfter(response)]).toEqual(answers[at]?.slice(3));
  }
});
