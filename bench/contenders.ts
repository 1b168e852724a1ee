/** A program of `contenders/` and how it runs. */
export interface ContenderProgram {
  readonly name: string;
  readonly file: string;
  readonly runtime: "bun" | "node";
  /** Its share of the messages of a counted run: what takes a microsecond a message reads fewer. */
  readonly share: number;
}

/** All contenders, in the order in which they take turns. The first is what the others are measured against. */
export const CONTENDERS: readonly ContenderProgram[] = [
  { name: "limit", file: "contenders/limit.ts", runtime: "bun", share: 1 },
  { name: "handler", file: "contenders/handler.ts", runtime: "bun", share: 1 },
  { name: "try-recv", file: "contenders/try-recv.ts", runtime: "bun", share: 1 },
  { name: "await-recv", file: "contenders/await-recv.ts", runtime: "bun", share: 1 },
  { name: "for-await", file: "contenders/for-await.ts", runtime: "bun", share: 1 },
  { name: "bun-websocket", file: "contenders/bun-websocket.ts", runtime: "bun", share: 1 / 3 },
  { name: "ws-on-node", file: "contenders/ws-on-node.mjs", runtime: "node", share: 1 / 3 },
];

/** What ratios are taken to; they run wherever another contender of their case does. */
export const BASELINES: readonly string[] = ["limit", "bun-websocket"];

/**
 * The contenders of a case (`receive/tcp/40`) whose full name (`receive/tcp/40/handler`) contains the filter, and the baselines beside
 * them; none where the filter names none. A runtime that is not installed is left out.
 */
export function chosenContenders(group: string, filter: string): readonly ContenderProgram[] {
  const installed = CONTENDERS.filter((one) => one.runtime === "bun" || Bun.which(one.runtime) !== null);
  const named = installed.filter((one) => `${group}/${one.name}`.includes(filter));
  if (named.length === 0) return [];
  return installed.filter((one) => named.includes(one) || BASELINES.includes(one.name));
}
