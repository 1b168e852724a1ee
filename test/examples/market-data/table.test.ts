import { expect, test } from "bun:test";
import { MarketFeed } from "../../../examples/market-data/market-feed.ts";
import { choosePaint } from "../../../examples/market-data/paint.ts";
import { Screen } from "../../../examples/market-data/screen.ts";
import { Table } from "../../../examples/market-data/table.ts";

const PLAIN = choosePaint(false, {});

function feedWithData(): MarketFeed {
  const feed = new MarketFeed(["BTCUSDT", "XRPUSDT"], () => {});
  const now = 1_700_000_000_000_000;
  const send = (stream: string, data: object): void => feed.receive({ stream, data }, now + 80);
  feed.receive({ result: null, id: 1 }, now);
  send("btcusdt@bookTicker", { u: 5, b: "67125.10000000", B: "1.5", a: "67125.30000000", A: "2", E: now });
  send("btcusdt@trade", { e: "trade", E: now, t: 1, p: "67125.30000000", q: "1" });
  send("xrpusdt@bookTicker", { u: 5, b: "0.52478000", B: "1", a: "0.52480000", A: "2", E: now });
  feed.receiveSnapshot("XRPUSDT", { lastUpdateId: 5, bids: [["0.52478", "1"]], asks: [["0.5248", "2"]] });
  send("xrpusdt@depth20@100ms", { lastUpdateId: 5, bids: [["0.52478", "1"]], asks: [["0.5248", "2"]], E: now });
  return feed;
}

test("the table stands in columns", () => {
  const view = { feed: feedWithData(), url: "wss://127.0.0.1:4000/stream", elapsed: 1_000, seconds: 10, socket: null };
  expect(new Table(PLAIN).lines(view)).toEqual([
    " market data  wss://127.0.0.1:4000/stream                          1.0 of 10 s",
    "",
    " symbol              bid          ask   spread         last   levels    msgs/s",
    " BTCUSDT       67,125.10    67,125.30     0.20    67,125.30        –         2",
    " XRPUSDT         0.52478      0.52480  0.00002            –        2         2",
    " all                                                                         5",
    "",
    " latency   p50 80 µs   p99 80 µs   p99.9 80 µs   max 80 µs   of 4",
    " rtt       ping –   tcp –",
    " socket    closed",
    " checked   0 diffs, 0 trades, 0 tops, 1 depths",
    "           no problem",
  ]);
});

test("colour only for a terminal that takes it", () => {
  const colours = (isTerminal: boolean, environment: Record<string, string>): string =>
    choosePaint(isTerminal, environment).red("x");
  expect(colours(true, { TERM: "xterm" })).toBe("\x1b[31mx\x1b[39m");
  expect(colours(true, { TERM: "xterm", NO_COLOR: "" })).toBe("\x1b[31mx\x1b[39m");
  expect([colours(false, {}), colours(true, { NO_COLOR: "1" }), colours(true, { TERM: "dumb" })]).toEqual([
    "x",
    "x",
    "x",
  ]);
});

test("the screen is drawn over in place, never higher than the terminal, and given back", () => {
  const written: string[] = [];
  const screen = new Screen(
    () => 3,
    (text) => written.push(text),
  );
  screen.draw(["one"]);
  screen.draw(["one", "two", "three"]);
  screen.draw(["four"]);
  screen[Symbol.dispose]();
  screen[Symbol.dispose]();
  expect(written).toEqual([
    "\x1b[?25l\x1b[?7lone\x1b[K\n\x1b[J",
    "\x1b[1A\rone\x1b[K\ntwo\x1b[K\n\x1b[J",
    "\x1b[2A\rfour\x1b[K\n\x1b[J",
    "\x1b[?7h\x1b[?25h",
  ]);
});
