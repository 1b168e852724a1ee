/**
 * The best bid and ask of two symbols from a Worker that does nothing but read: `SpinFeed`, against the exchange of
 * `examples/exchange`. `bun examples/spin-feed.ts [seconds]`
 */
import { SpinFeed } from "../src/spin/mod.ts";
import { ExchangeProcess } from "./exchange-process.ts";
import type { BookTicker } from "./market-data/events.ts";

const SYMBOLS = ["BTCUSDT", "ETHUSDT"];

const seconds = Number(process.argv[2] ?? 5);
await using exchange = await ExchangeProcess.start(["--symbols", SYMBOLS.join(",")], []);
await using feed = await SpinFeed.open(exchange.url, { tls: { ca: exchange.ca }, wait: "spin-then-poll" });
const params = SYMBOLS.map((symbol) => `${symbol.toLowerCase()}@bookTicker`);
feed.sendText(JSON.stringify({ method: "SUBSCRIBE", params, id: 1 }));

const tickers = new Map<string, BookTicker>();
let messages = 0;
let batches = 0;
let shown = performance.now();
const timeIsUp = setTimeout(() => feed.close(1000), seconds * 1_000);
for (let msg = await feed.recv(); msg !== null; msg = await feed.recv()) {
  batches++;
  // What came with one wake-up is read without another.
  for (let next: typeof msg | null = msg; next !== null; next = feed.tryRecv()) {
    messages++;
    if (next.kind !== "text") continue;
    const { stream, data } = next.json() as { stream?: string; data?: BookTicker };
    if (stream !== undefined && data !== undefined) tickers.set(stream, data);
  }
  if (performance.now() - shown < 1_000) continue;
  shown = performance.now();
  for (const [stream, { b, a }] of tickers) console.log(`${stream}  ${b} / ${a}`);
}
clearTimeout(timeIsUp);
console.log(`${messages} messages in ${batches} batches; closed with ${feed.closed?.code}`);
