import { beforeEach, expect, test } from "bun:test";
import { Feed } from "../../../examples/exchange/feed.ts";
import { Market } from "../../../examples/exchange/market.ts";
import { Session, type SessionOptions, type SessionOutlet } from "../../../examples/exchange/session.ts";

const OPTIONS: SessionOptions = { combined: false, inMicroseconds: false, messageLimit: 5, streamLimit: 3 };

class Outlet implements SessionOutlet {
  readonly sent: string[] = [];
  readonly closes: [code: number, reason: string][] = [];
  reply(text: string): void {
    this.sent.push(text);
  }
  publish(_: unknown, event: string): void {
    this.sent.push(event);
  }
  close(code: number, reason: string): void {
    this.closes.push([code, reason]);
  }
}

let market: Market;
let feed: Feed;
let outlet: Outlet;

beforeEach(() => {
  market = new Market({ seed: 1, symbols: ["BTCUSDT", "ETHUSDT"], eventsPerWindow: 100 });
  feed = new Feed(
    market,
    () => 1_700_000_000_123_456,
    () => {},
  );
  outlet = new Outlet();
});

function step(events: number): void {
  const end = market.events + events;
  while (market.events < end) market.step(feed);
}

test("the reply to SUBSCRIBE comes before the first event; only what was asked for comes", () => {
  const session = new Session(feed, outlet, OPTIONS);
  step(50);
  expect(outlet.sent).toEqual([]);
  session.receive('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}');
  step(200);
  const [reply, ...events] = outlet.sent.map((text) => JSON.parse(text));
  expect(reply).toEqual({ result: null, id: 1 });
  expect(events.length).toBeGreaterThan(3);
  for (const event of events) expect(event).toMatchObject({ e: "trade", s: "BTCUSDT", E: 1_700_000_000_123 });
});

test("LIST_SUBSCRIPTIONS names them, UNSUBSCRIBE stops them, an unknown stream is accepted and silent", () => {
  const session = new Session(feed, outlet, OPTIONS);
  session.receive('{"method":"SUBSCRIBE","params":["btcusdt@trade","nope@trade"],"id":1}');
  session.receive('{"method":"LIST_SUBSCRIPTIONS","id":2}');
  session.receive('{"method":"UNSUBSCRIBE","params":["btcusdt@trade","never@subscribed"],"id":3}');
  step(200);
  expect(outlet.sent).toEqual([
    '{"result":null,"id":1}',
    '{"result":["btcusdt@trade","nope@trade"],"id":2}',
    '{"result":null,"id":3}',
  ]);
});

test("a stream subscribed twice is sent once", () => {
  const session = new Session(feed, outlet, OPTIONS);
  session.subscribe(["btcusdt@depth@100ms", "btcusdt@depth@100ms"]);
  session.subscribe(["btcusdt@depth@100ms"]);
  step(101);
  expect(outlet.sent.length).toBe(1);
});

test("SET_PROPERTY wraps events and GET_PROPERTY tells so", () => {
  const session = new Session(feed, outlet, OPTIONS);
  session.receive('{"method":"GET_PROPERTY","params":["combined"],"id":1}');
  session.receive('{"method":"SET_PROPERTY","params":["combined",true],"id":2}');
  session.receive('{"method":"GET_PROPERTY","params":["combined"],"id":3}');
  session.subscribe(["ethusdt@depth20@100ms"]);
  step(101);
  expect(outlet.sent.slice(0, 3)).toEqual([
    '{"result":false,"id":1}',
    '{"result":null,"id":2}',
    '{"result":true,"id":3}',
  ]);
  expect(JSON.parse(outlet.sent[3] ?? "")).toMatchObject({
    stream: "ethusdt@depth20@100ms",
    data: { bids: expect.anything() },
  });
});

test("times are in microseconds where the connection asked for them", () => {
  const session = new Session(feed, outlet, { ...OPTIONS, inMicroseconds: true });
  session.subscribe(["btcusdt@bookTicker"]);
  step(10);
  expect(JSON.parse(outlet.sent[0] ?? "").E).toBe(1_700_000_000_123_456);
});

test("five frames a second are let through, the sixth ends the session, a second later there is room again", () => {
  const session = new Session(feed, outlet, OPTIONS);
  const admitted = [0, 100, 200, 300, 999, 1_000, 1_050].map((time) => session.admit(time));
  expect(admitted).toEqual([true, true, true, true, true, true, false]);
  expect(outlet.closes).toEqual([[1008, "Too many requests"]]);
});

test("more streams than allowed end the session", () => {
  const session = new Session(feed, outlet, OPTIONS);
  session.subscribe(["a@trade", "b@trade", "c@trade"]);
  expect(outlet.closes).toEqual([]);
  session.subscribe(["d@trade"]);
  expect(outlet.closes).toEqual([[1008, "Over 3 streams"]]);
});

test("nothing is delivered after the end", () => {
  const session = new Session(feed, outlet, OPTIONS);
  session.subscribe(["btcusdt@trade", "btcusdt@bookTicker"]);
  session.end();
  step(200);
  expect(outlet.sent).toEqual([]);
  expect(session.streams).toEqual([]);
});
