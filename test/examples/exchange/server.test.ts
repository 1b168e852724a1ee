import { expect, test } from "bun:test";
import { EXCHANGE_CA, type Exchange, startExchange } from "../../../examples/exchange/server.ts";
import { DEFAULT_SYMBOLS } from "../../../examples/exchange/symbols.ts";
import { RawClient } from "./raw-client.ts";

/** Nothing happens but what a test lets happen. */
const STILL = { rate: 0, eventsPerWindow: 50 };

async function nextText(ws: WebSocket): Promise<string> {
  const { data } = await new Promise<MessageEvent>((resolve) => {
    ws.addEventListener("message", resolve, { once: true });
  });
  return String(data);
}

async function closeOf(ws: WebSocket): Promise<[code: number, reason: string]> {
  const { code, reason } = await new Promise<CloseEvent>((resolve) => {
    ws.addEventListener("close", resolve, { once: true });
  });
  return [code, reason];
}

test("Bun's own client: a raw stream in the path, events after a step", async () => {
  await using exchange = await startExchange(STILL);
  const ws = new WebSocket(`${exchange.url}/ws/btcusdt@depth@100ms`);
  await new Promise((resolve) => ws.addEventListener("open", resolve, { once: true }));
  const text = nextText(ws);
  exchange.step(60);
  const event = JSON.parse(await text);
  expect(event).toMatchObject({ e: "depthUpdate", s: "BTCUSDT" });
  expect(event.U).toBeLessThan(event.u);
  ws.close(1000);
  expect(await closeOf(ws)).toEqual([1000, ""]);
});

test("over TLS: the test certificate holds for the address and for localhost, combined streams are wrapped", async () => {
  await using exchange = await startExchange({ ...STILL, tls: true });
  for (const host of ["127.0.0.1", "localhost"]) {
    const url = `wss://${host}:${exchange.port}/stream?streams=ethusdt@bookTicker/solusdt@trade`;
    const ws = new WebSocket(url, { tls: { ca: Bun.file(EXCHANGE_CA) } });
    await new Promise((resolve, reject) => {
      ws.addEventListener("open", resolve, { once: true });
      ws.addEventListener("close", reject, { once: true });
    });
    const text = nextText(ws);
    exchange.step(50);
    const { stream, data } = JSON.parse(await text);
    expect([stream, data.s]).toBeOneOf([
      ["ethusdt@bookTicker", "ETHUSDT"],
      ["solusdt@trade", "SOLUSDT"],
    ]);
    ws.terminate();
  }
});

test("the same seed gives the same bytes, but for the time", async () => {
  const seen: string[][] = [];
  for (const tick of [1, 2]) {
    await using exchange = await startExchange({ seed: 42, rate: 5_000 });
    const streams = DEFAULT_SYMBOLS.flatMap((name) => [`${name}@trade`, `${name}@depth@100ms`])
      .join("/")
      .toLowerCase();
    using client = await RawClient.connect(`${exchange.url}/stream?streams=${streams}`);
    await client.until(() => client.messages.length >= 300 * tick);
    seen.push(
      client.messages
        .slice(0, 300)
        .map((msg) => (msg.kind === "text" ? msg.text : msg.kind).replace(/"[ET]":\d+/g, "")),
    );
  }
  expect(seen[0]).toEqual(seen[1] ?? []);
});

test("replies and errors come as the venue sends them", async () => {
  await using exchange = await startExchange(STILL);
  using client = await RawClient.connect(`${exchange.url}/ws`);
  client.sendText('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}');
  client.sendText('{"method":"LIST_SUBSCRIPTIONS","id":"two"}');
  client.sendText("not json");
  await client.until(() => client.messages.length === 3);
  expect<unknown>(client.events).toEqual([
    { result: null, id: 1 },
    { result: ["btcusdt@trade"], id: "two" },
    { code: 3, msg: "Invalid JSON: expected value at line 1 column 8" },
  ]);
});

test("times are microseconds where the url asks for them, and close to this process's clock", async () => {
  await using exchange = await startExchange(STILL);
  using client = await RawClient.connect(`${exchange.url}/ws/btcusdt@bookTicker?timeUnit=MICROSECOND`);
  await client.until(() => client.head.endsWith("\r\n\r\n"));
  exchange.step(20);
  await client.until(() => client.events.length > 0);
  const age = (performance.timeOrigin + performance.now()) * 1_000 - Number(client.events[0]?.["E"]);
  expect(age).toBeGreaterThan(-1_000);
  expect(age).toBeLessThan(5_000_000);
});

test("a ping is answered with its payload, a close with its code and then FIN", async () => {
  await using exchange = await startExchange(STILL);
  using client = await RawClient.connect(`${exchange.url}/ws`);
  client.sendPing("are you there");
  client.sendClose(4001);
  await client.until(() => client.ends.length > 0);
  expect(client.messages).toEqual([
    { kind: "pong", bytes: new Uint8Array(Buffer.from("are you there")) },
    { kind: "close", code: 4001, reason: "" },
  ]);
  expect(client.ends[0]).toBe("end");
});

test("the sixth frame within a second ends the connection, pings and pongs counted", async () => {
  await using exchange = await startExchange(STILL);
  using client = await RawClient.connect(`${exchange.url}/ws`);
  client.sendPing("1");
  client.sendPong("2");
  client.sendText('{"method":"LIST_SUBSCRIPTIONS","id":3}');
  client.sendPong("4");
  client.sendPing("5");
  client.sendText('{"method":"LIST_SUBSCRIPTIONS","id":6}');
  await client.until(() => client.messages.length === 4);
  expect(client.messages.map((msg) => msg.kind)).toEqual(["pong", "text", "pong", "close"]);
  expect(client.messages[3]).toEqual({ kind: "close", code: 1008, reason: "Too many requests" });
});

test("pings go out with a payload; a pong with it keeps the connection, one without does not", async () => {
  await using exchange = await startExchange({ ...STILL, pingInterval: 40, pongDeadline: 800, messageLimit: 1_000 });
  using faithful = await RawClient.connect(`${exchange.url}/ws`);
  using deaf = await RawClient.connect(`${exchange.url}/ws`);
  let answered = 0;
  await faithful.until(() => {
    for (const msg of faithful.messages.splice(0)) {
      if (msg.kind !== "ping") throw new Error(`a ${msg.kind} came`);
      faithful.sendPong(Buffer.from(msg.bytes).toString());
      deaf.sendPong("unsolicited");
      answered++;
    }
    return answered >= 15;
  });
  await deaf.until(() => deaf.messages.at(-1)?.kind === "close");
  expect(deaf.messages.at(-1)).toEqual({ kind: "close", code: 1008, reason: "Pong timeout" });
  expect(faithful.ends).toEqual([]);
});

test("a connection ends at its maximum age", async () => {
  await using exchange = await startExchange({ ...STILL, maxAge: 60 });
  using client = await RawClient.connect(`${exchange.url}/ws`);
  await client.until(() => client.messages.length === 1);
  expect(client.messages[0]).toEqual({ kind: "close", code: 1001, reason: "Connection reached its maximum age" });
});

test("a shutdown is announced and then carried out", async () => {
  await using exchange = await startExchange(STILL);
  using raw = await RawClient.connect(`${exchange.url}/ws`);
  using combined = await RawClient.connect(`${exchange.url}/stream`);
  await raw.until(() => raw.head !== "");
  await combined.until(() => combined.head !== "");
  exchange.announceShutdown(30);
  await raw.until(() => raw.messages.length === 2);
  await combined.until(() => combined.messages.length === 2);
  expect(raw.events).toEqual([{ e: "serverShutdown", E: expect.any(Number) }]);
  expect(combined.events).toMatchObject([{ stream: "!serverShutdown", data: { e: "serverShutdown" } }]);
  expect(raw.messages[1]).toMatchObject({ kind: "close", code: 1001 });
});

test("an unmasked frame ends the connection with 1002", async () => {
  await using exchange = await startExchange(STILL);
  using client = await RawClient.connect(`${exchange.url}/ws`);
  await client.until(() => client.head !== "");
  client.sendRaw(Buffer.from([0x81, 0x02, 0x68, 0x69]));
  await client.until(() => client.ends.length > 0);
  expect(client.messages).toEqual([{ kind: "close", code: 1002, reason: "WS_UNMASKED_FRAME" }]);
});

test("a reader that does not keep up is cut off", async () => {
  await using exchange = await startExchange({ ...STILL, backlogLimit: 100_000 });
  using client = await RawClient.connect(`${exchange.url}/ws/btcusdt@bookTicker`);
  await client.until(() => client.head !== "");
  // More than the kernel holds, in one turn of the loop: the client reads nothing meanwhile.
  exchange.step(200_000);
  await client.until(() => client.ends.length > 0);
  expect(client.ends).toEqual(["ECONNRESET"]);
});

test("other paths are not found, other requests not taken, and an address has so many connections", async () => {
  await using exchange = await startExchange({ ...STILL, connectLimit: 1 });
  const statusOf = async (path: string): Promise<string> => {
    using client = await RawClient.connect(`${exchange.url}${path}`);
    await client.until(() => client.head.endsWith("\r\n\r\n"));
    return client.head.slice(9, 12);
  };
  expect(await statusOf("/elsewhere")).toBe("404");
  expect(await statusOf("/ws")).toBe("101");
  expect(await statusOf("/ws")).toBe("429");
  const plain = await fetch(`${exchange.url.replace("ws:", "http:")}/ws`);
  expect([plain.status, await plain.text()]).toEqual([400, "This path takes WebSocket upgrades"]);
});

test("the full book can be asked for", async () => {
  await using exchange: Exchange = await startExchange(STILL);
  const snapshot = exchange.snapshot("BTCUSDT", 5_000);
  expect(snapshot?.bids.length).toBeGreaterThan(1_500);
  expect(exchange.snapshot("NOPE", 10)).toBeNull();
});

test("stopping closes what is open with 1001 and frees the port", async () => {
  const exchange = await startExchange(STILL);
  const ws = new WebSocket(`${exchange.url}/ws`);
  await new Promise((resolve) => ws.addEventListener("open", resolve, { once: true }));
  const close = closeOf(ws);
  await exchange.stop();
  expect(await close).toEqual([1001, "Exchange stopped"]);
  expect(exchange.connections).toBe(0);
  await using again = await startExchange({ ...STILL, port: exchange.port });
  expect(again.port).toBe(exchange.port);
});
