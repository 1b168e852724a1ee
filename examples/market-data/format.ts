import type { LatencyHistogram } from "./latency.ts";

/** 12345.6 as `12,346`. */
export function grouped(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A decimal string as `67,125.10`, with as many decimals as asked for; a dash for none. */
export function priceText(price: string | undefined, decimals: number): string {
  if (price === undefined) return "–";
  const [whole = "", fraction = ""] = price.split(".");
  const digits = fraction.slice(0, decimals).padEnd(decimals, "0");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (decimals > 0 ? `.${digits}` : "");
}

/** How many decimals a decimal string needs: trailing zeros do not count. */
export function decimalsOf(price: string): number {
  return (price.split(".")[1] ?? "").replace(/0+$/, "").length;
}

/** A duration as `58 µs`, `1.2 ms` or `3.4 s`. */
export function durationText(microseconds: number): string {
  if (Number.isNaN(microseconds)) return "–";
  if (microseconds < 1_000) return `${Math.round(microseconds)} µs`;
  if (microseconds < 1_000_000) return `${(microseconds / 1_000).toFixed(microseconds < 10_000 ? 1 : 0)} ms`;
  return `${(microseconds / 1_000_000).toFixed(1)} s`;
}

/** The percentiles that matter and the worst, or that there is nothing yet. */
export function latencyText(latency: LatencyHistogram, separator: string): string {
  if (latency.count === 0) return "not yet warm";
  const percentiles = [50, 99, 99.9].map((percent) => `p${percent} ${durationText(latency.percentile(percent))}`);
  return [...percentiles, `max ${durationText(latency.max)}`].join(separator);
}

/** A size as `416 KiB` or `8 MiB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1 << 10) return `${bytes} B`;
  if (bytes < 1 << 20) return `${trimmed(bytes / (1 << 10))} KiB`;
  return `${trimmed(bytes / (1 << 20))} MiB`;
}

export function problemsText(count: number): string {
  return count === 1 ? "1 problem" : `${grouped(count)} problems`;
}

export function resyncsText(count: number): string {
  return count === 1 ? "1 book started over" : `${grouped(count)} books started over`;
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
