import { durationText } from "../market-data/format.ts";
import type { Hub } from "./hub.ts";
import { keyOf } from "./quote.ts";
import type { Subscriber } from "./subscriber.ts";

/** What was not as it should be, in words; empty where all was. */
export function problemsOf(hub: Hub, published: number, subscribers: readonly Subscriber[]): string[] {
  const problems: string[] = [];
  for (const subscriber of subscribers) {
    const { name, pace, disordered, newest, messages } = subscriber;
    const wasCut = hub.cut.includes(`/${name}`);
    if (disordered > 0) problems.push(`${name} got ${disordered} quotes out of order`);
    if (wasCut !== (pace === "stuck")) problems.push(`${name} was ${wasCut ? "" : "not "}cut`);
    if (wasCut) continue;
    for (const quote of hub.newest) {
      const got = newest.get(keyOf(quote));
      if (got?.id !== quote.id) problems.push(`${name} ends with ${keyOf(quote)} at ${got?.id}, not ${quote.id}`);
    }
    if (pace === "fast" && messages < published) problems.push(`${name} got ${messages} of ${published} quotes`);
  }
  return problems;
}

export function summaryLines(
  hub: Hub,
  published: number,
  subscribers: readonly Subscriber[],
  seconds: number,
): string[] {
  const lines = [`published  ${published} quotes, ${Math.round(published / seconds)} a second`];
  for (const pace of ["fast", "slow", "stuck"] as const) {
    const ones = subscribers.filter((one) => one.pace === pace);
    if (ones.length === 0) continue;
    const sum = (of: (one: Subscriber) => number): number => ones.reduce((total, one) => total + of(one), 0);
    const conflated = sum(({ name }) => hub.outlets.get(`/${name}`)?.counts.conflated ?? 0);
    const cut = ones.filter(({ name }) => hub.cut.includes(`/${name}`)).length;
    const worst = ones.reduce((a, b) => (a.latency.percentile(99) >= b.latency.percentile(99) ? a : b));
    const { latency } = worst;
    lines.push(
      `${pace.padEnd(9)}  ${ones.length} subscribers, ${Math.round(sum(({ messages }) => messages) / ones.length)} quotes each, ` +
        `${conflated} left out for newer ones, ${cut} cut; ` +
        `p50 ${durationText(latency.percentile(50))}, p99 ${durationText(latency.percentile(99))} of the slowest`,
    );
  }
  return lines;
}
