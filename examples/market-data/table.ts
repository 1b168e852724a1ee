import type { SocketInfo } from "../../index.ts";
import {
  decimalsOf,
  durationText,
  grouped,
  latencyText,
  priceText,
  problemsText,
  resyncsText,
  sizeText,
} from "./format.ts";
import type { MarketFeed } from "./market-feed.ts";
import type { Paint } from "./paint.ts";
import type { SymbolFeed } from "./symbol-feed.ts";

/** What a frame of the table is drawn from. */
export interface TableView {
  readonly feed: MarketFeed;
  readonly url: string;
  /** Since the subscription, in milliseconds. */
  readonly elapsed: number;
  readonly seconds: number;
  /** Null once the socket is gone. */
  readonly socket: SocketInfo | null;
}

/** Draws the live table, line by line, at most 80 columns wide. */
export class Table {
  readonly #paint: Paint;
  /** The most decimals seen of each symbol's prices, so that columns do not jump. */
  readonly #decimals = new Map<SymbolFeed, number>();

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  lines(view: TableView): string[] {
    const { feed, elapsed } = view;
    const { bold, dim } = this.#paint;
    const clock = `${(elapsed / 1_000).toFixed(1)} of ${view.seconds} s`;
    const title = ` market data  ${view.url}`;
    return [
      bold(title) + dim(clock.padStart(Math.max(1, WIDTH - title.length))),
      "",
      dim(row("symbol", "bid", "ask", "spread", "last", "levels", "msgs/s")),
      ...feed.symbols.map((symbol) => this.#symbolLine(symbol, elapsed)),
      dim(row("all", "", "", "", "", "", grouped(feed.messages.rate(elapsed)))),
      "",
      ...this.#footer(view),
    ];
  }

  #symbolLine(symbol: SymbolFeed, elapsed: number): string {
    const { ticker, lastTrade, book } = symbol;
    const { green, red, dim, bold } = this.#paint;
    const decimals = this.#decimalsOf(symbol);
    const spread = ticker === null ? undefined : (Number(ticker.a) - Number(ticker.b)).toFixed(decimals);
    const paintLast = symbol.tickDirection < 0 ? red : green;
    return [
      bold(` ${symbol.name.padEnd(COLUMNS[0])}`),
      green(priceText(ticker?.b, decimals).padStart(COLUMNS[1])),
      red(priceText(ticker?.a, decimals).padStart(COLUMNS[2])),
      dim(priceText(spread, decimals).padStart(COLUMNS[3])),
      paintLast(priceText(lastTrade?.p, decimals).padStart(COLUMNS[4])),
      (book.isStarted ? grouped(book.bids.length + book.asks.length) : "–").padStart(COLUMNS[5]),
      grouped(symbol.messages.rate(elapsed)).padStart(COLUMNS[6]),
    ].join("");
  }

  #footer({ feed, socket }: TableView): string[] {
    const { dim, red, green } = this.#paint;
    const { latency, checks, problemCount, problems, resyncCount } = feed;
    const label = (text: string): string => dim(` ${text.padEnd(10)}`);
    const verdict = problemCount === 0 ? green("no problem") : red(`${problemsText(problemCount)}: ${problems[0]}`);
    return [
      `${label("latency")}${latencyText(latency, "   ")}${dim(`   of ${grouped(latency.count)}`)}`,
      `${label("rtt")}ping ${durationText(feed.roundTrip)}   ${pathText(socket)}`,
      `${label("socket")}${optionsText(socket)}`,
      `${label("checked")}${grouped(checks.diffs)} diffs, ${grouped(checks.trades)} trades, ${grouped(checks.tops)} tops, ${grouped(checks.depths)} depths`,
      `${label("")}${verdict}${resyncCount > 0 ? dim(`   ${resyncsText(resyncCount)}`) : ""}`,
    ];
  }

  #decimalsOf(symbol: SymbolFeed): number {
    const { ticker } = symbol;
    const before = this.#decimals.get(symbol) ?? 2;
    if (ticker === null) return before;
    const decimals = Math.max(before, decimalsOf(ticker.a), decimalsOf(ticker.b));
    this.#decimals.set(symbol, decimals);
    return decimals;
  }
}

/** TCP's own view of the path. */
function pathText(socket: SocketInfo | null): string {
  const tcp = socket?.tcp;
  if (tcp === undefined || tcp === null) return "tcp –";
  const { rtt, rttVar, congestionWindow, totalRetransmits } = tcp;
  return `tcp ${durationText(rtt)} ± ${durationText(rttVar)}   window ${congestionWindow} segments   retransmits ${totalRetransmits}`;
}

/** The socket options in force, as read back from the kernel. */
function optionsText(socket: SocketInfo | null): string {
  if (socket === null) return "closed";
  const { noDelay, keepAlive, keepAliveIdle, keepAliveInterval, keepAliveCount, recvBufferSize } = socket.options;
  const parts = [
    noDelay === null ? null : `noDelay ${noDelay ? "on" : "off"}`,
    recvBufferSize === null ? null : `recvBuffer ${sizeText(recvBufferSize)}`,
    keepAlive ? `keepAlive ${keepAliveIdle} s, then ${keepAliveCount} × ${keepAliveInterval} s` : null,
  ].filter((part) => part !== null);
  return parts.length > 0 ? parts.join("   ") : "not told on this platform";
}

function row(...cells: readonly string[]): string {
  const [name = "", ...rest] = cells;
  return ` ${name.padEnd(COLUMNS[0])}${rest.map((cell, at) => cell.padStart(COLUMNS[at + 1] ?? 0)).join("")}`;
}

const COLUMNS = [10, 13, 13, 9, 13, 9, 10] as const;
const WIDTH: number = 1 + COLUMNS.reduce<number>((sum, width) => sum + width, 0);
