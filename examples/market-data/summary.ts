import { decimalsOf, durationText, grouped, latencyText, priceText, problemsText, resyncsText } from "./format.ts";
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
  if (feed.resyncCount > 0) parts.push(resyncsText(feed.resyncCount));
  if (problemCount > 0) parts.push(problemsText(problemCount));
  return parts.join("  ");
}

/** What the whole run showed. */
export function summaryLines(feed: MarketFeed, milliseconds: number, { bold, green, red }: Paint): string[] {
  const { latency, checks, messages, problems, problemCount, resyncs, resyncCount } = feed;
  const proven = feed.symbols.filter(({ proof }) => proof?.isMade && proof.difference === null);
  const rate = (messages.total * 1_000) / milliseconds;
  const lines = [
    bold(`Summary after ${(milliseconds / 1_000).toFixed(1)} s`),
    `  messages  ${grouped(messages.total)}, ${grouped(rate)} a second, of ${feed.symbols.length} symbols`,
    `  latency   ${latencyText(latency, ", ")} (send to handler)`,
    `  sequence  ${grouped(checks.diffs)} diffs and ${grouped(checks.trades)} trades followed the one before`,
    `  books     ${grouped(checks.tops)} times the diff book agreed with bookTicker, ${grouped(checks.depths)} times with depth20`,
  ];
  if (resyncCount > 0) lines.push(`  resync    ${resyncsText(resyncCount)}`, ...listed(resyncs, resyncCount));
  lines.push(
    `  proof     ${proven.length} of ${feed.symbols.length} books equal the exchange's at the same update id, in ${grouped(feed.provenLevels)} levels`,
  );
  if (problemCount > 0) lines.push(`  verdict   ${red(problemsText(problemCount))}`, ...listed(problems, problemCount));
  else if (resyncCount === 0)
    lines.push(`  verdict   ${green("every book equals the exchange's, no message was lost")}`);
  else lines.push(`  verdict   ${green("every book equals the exchange's, snapshots made up for what was lost")}`);
  return lines;
}

function listed(texts: readonly string[], count: number): string[] {
  const lines = texts.slice(0, MOST_LISTED).map((text) => `    ${text}`);
  return count > MOST_LISTED ? [...lines, `    and ${grouped(count - MOST_LISTED)} more`] : lines;
}

const MOST_LISTED = 10;
