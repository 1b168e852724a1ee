import type { BookDiff, BookSnapshot, Level } from "./book.ts";
import type { SymbolMarket } from "./market.ts";

/** The streams of a symbol, as in `btcusdt@depth20@100ms`. */
export const STREAM_KINDS = ["trade", "bookTicker", "depth20@100ms", "depth@100ms"] as const;

export type StreamKind = (typeof STREAM_KINDS)[number];

/** The name a client subscribes by: symbols in lower case. */
export function streamName(symbol: string, kind: StreamKind): string {
  return `${symbol.toLowerCase()}@${kind}`;
}

// Every event carries `E`, when it was sent, in the unit the connection asked for. The venue's spot `bookTicker` and
// `depth20` have none; here they do, so that each message tells its latency.

export function renderTrade(market: SymbolMarket, time: number): string {
  const { book, lastTrade: trade } = market;
  const price = book.priceText(trade.priceIndex);
  const quantity = book.lotsText(trade.lots);
  return `{"e":"trade","E":${time},"s":"${book.spec.name}","t":${trade.id},"p":"${price}","q":"${quantity}","T":${time},"m":${trade.buyerIsMaker},"M":true}`;
}

export function renderBookTicker(market: SymbolMarket, time: number): string {
  const { book } = market;
  const bid = `"b":"${book.priceText(book.bestBid)}","B":"${book.lotsText(book.lots("bid", book.bestBid))}"`;
  const ask = `"a":"${book.priceText(book.bestAsk)}","A":"${book.lotsText(book.lots("ask", book.bestAsk))}"`;
  return `{"u":${book.updateId},"s":"${book.spec.name}",${bid},${ask},"E":${time}}`;
}

export function renderPartialDepth(snapshot: BookSnapshot, time: number): string {
  const { lastUpdateId, bids, asks } = snapshot;
  return `{"lastUpdateId":${lastUpdateId},"bids":${renderLevels(bids)},"asks":${renderLevels(asks)},"E":${time}}`;
}

/** The book as `/api/v3/depth` answers it. */
export function renderSnapshot({ lastUpdateId, bids, asks }: BookSnapshot): string {
  return `{"lastUpdateId":${lastUpdateId},"bids":${renderLevels(bids)},"asks":${renderLevels(asks)}}`;
}

export function renderDepthUpdate(symbol: string, diff: BookDiff, time: number): string {
  const ids = `"U":${diff.firstUpdateId},"u":${diff.finalUpdateId}`;
  return `{"e":"depthUpdate","E":${time},"s":"${symbol}",${ids},"b":${renderLevels(diff.bids)},"a":${renderLevels(diff.asks)}}`;
}

export function renderServerShutdown(time: number): string {
  return `{"e":"serverShutdown","E":${time}}`;
}

/** A raw event as a combined connection gets it. */
export function renderCombined(stream: string, event: string): string {
  return `{"stream":"${stream}","data":${event}}`;
}

function renderLevels(levels: readonly Level[]): string {
  let text = "[";
  for (const [price, quantity] of levels) text += `${text === "[" ? "" : ","}["${price}","${quantity}"]`;
  return `${text}]`;
}
