import { decimalsOf, durationText, grouped, latencyText, priceText, problemsText } from "./format.ts";
import type { MarketFeed } from "./market-feed.ts";
import type { Paint } from "./paint.ts";

/** One line for a log: what came in the last second, and the best prices. */
export function progressLine(feed: MarketFeed, milliseconds: number): string {
  const { latency, symbols, problemCount } = feed;
  const prices = symbols.map(({ name, ticker }) => {
    if (ticker === null) return `${name} –`;
    const decimals = Math.max(2, decimalsOf(ticker.b), decimalsOf(ticker.a));
    return `${name} ${priceText(ticker.b, decimals)}/${priceText(ticker.a, decimals)}`;
  });
  const parts = [
    `${(milliseconds / 1_000).toFixed(0).padStart(3)} s`,
    `${grouped(feed.messages.rate(milliseconds))} msgs/s`,
    `p50 ${durationText(latency.percentile(50))}`,
    `p99 ${durationText(latency.percentile(99))}`,
    ...prices,
  ];
  return parts.join("  ") + (problemCount > 0 ? `  ${problemsText(problemCount)}` : "");
}

/** What the whole run showed. */
export function summaryLines(feed: MarketFeed, milliseconds: number, { bold, green, red }: Paint): string[] {
  const { latency, checks, messages, problems, problemCount } = feed;
  const rate = (messages.total * 1_000) / milliseconds;
  const lines = [
    bold(`Summary after ${(milliseconds / 1_000).toFixed(1)} s`),
    `  messages  ${grouped(messages.total)}, ${grouped(rate)} a second, of ${feed.symbols.length} symbols`,
    `  latency   ${latencyText(latency, ", ")} (send to handler)`,
    `  sequence  ${grouped(checks.diffs)} diffs and ${grouped(checks.trades)} trades followed the one before`,
    `  books     ${grouped(checks.tops)} times the diff book agreed with bookTicker, ${grouped(checks.depths)} times with depth20`,
  ];
  if (problemCount === 0) lines.push(`  verdict   ${green("every book is sane, no message was lost")}`);
  else {
    lines.push(`  verdict   ${red(problemsText(problemCount))}`);
    for (const problem of problems.slice(0, MOST_LISTED)) lines.push(`    ${problem}`);
    if (problemCount > MOST_LISTED) lines.push(`    and ${grouped(problemCount - MOST_LISTED)} more`);
  }
  return lines;
}

const MOST_LISTED = 10;
