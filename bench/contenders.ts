/** A program that takes part in a case, and how it runs. */
export interface Program {
  readonly name: string;
  readonly file: string;
  readonly runtime: "bun" | "node";
}

/** A program of `contenders/`. */
export interface ContenderProgram extends Program {
  /**
   * How many times the messages of a counted run it reads. What takes nanoseconds a message reads so many more that it runs about as long as
   * what takes a microsecond: in a run of a tenth of a second the engine's compiling, on the same CPU, would be a fifth of the figure.
   * At most 17 for 3 million messages of 40 bytes: a program that adds up 2^31 bytes is compiled anew, since it no longer counts in integers.
   */
  readonly share: number;
}

/** All contenders, in the order in which they take turns. The first is what the others are measured against. */
export const CONTENDERS: readonly ContenderProgram[] = [
  { name: "limit", file: "contenders/limit.ts", runtime: "bun", share: 17 },
  { name: "handler", file: "contenders/handler.ts", runtime: "bun", share: 17 },
  { name: "try-recv", file: "contenders/try-recv.ts", runtime: "bun", share: 15 },
  { name: "await-recv", file: "contenders/await-recv.ts", runtime: "bun", share: 4 },
  { name: "for-await", file: "contenders/for-await.ts", runtime: "bun", share: 1 },
  { name: "bun-websocket", file: "contenders/bun-websocket.ts", runtime: "bun", share: 0.4 },
  { name: "ws-on-node", file: "contenders/ws-on-node.mjs", runtime: "node", share: 0.5 },
  { name: "undici-on-node", file: "contenders/undici-on-node.mjs", runtime: "node", share: 0.2 },
];

/** All that read market data in JSON. */
export const JSON_CONTENDERS: readonly ContenderProgram[] = [
  { name: "limit", file: "contenders/limit.ts", runtime: "bun", share: 3 },
  { name: "parse-alone", file: "json/parse-alone.ts", runtime: "bun", share: 1 },
  { name: "handler", file: "json/handler.ts", runtime: "bun", share: 1 },
  { name: "bun-websocket", file: "json/bun-websocket.ts", runtime: "bun", share: 1 },
  { name: "ws-on-node", file: "json/ws-on-node.mjs", runtime: "node", share: 1 },
];

/** All that read a stream by several connections, or very many messages. */
export const SERIES_CONTENDERS: readonly Program[] = [
  { name: "limit", file: "series/limit.ts", runtime: "bun" },
  { name: "handler", file: "series/handler.ts", runtime: "bun" },
  { name: "bun-websocket", file: "series/bun-websocket.ts", runtime: "bun" },
];

/** All that send requests, in the order in which they take turns. */
export const REQUEST_CONTENDERS: readonly Program[] = [
  { name: "limit", file: "http/limit.ts", runtime: "bun" },
  { name: "connection", file: "http/connection.ts", runtime: "bun" },
  { name: "fetch", file: "http/fetch.ts", runtime: "bun" },
  { name: "node-http-on-bun", file: "http/node-http.mjs", runtime: "bun" },
  { name: "node-http-on-node", file: "http/node-http.mjs", runtime: "node" },
  { name: "undici-on-node", file: "http/undici-on-node.mjs", runtime: "node" },
];

/** All that accept WebSockets, in the order in which they take turns. */
export const ACCEPT_CONTENDERS: readonly ContenderProgram[] = [
  { name: "limit", file: "accept/limit.ts", runtime: "bun", share: 17 },
  { name: "handler", file: "accept/handler.ts", runtime: "bun", share: 17 },
  { name: "bun-serve", file: "accept/bun-serve.ts", runtime: "bun", share: 0.5 },
  { name: "ws-on-node", file: "accept/ws-on-node.mjs", runtime: "node", share: 0.4 },
];

/** One way to send requests to a server that answers all connections alike. */
export interface PoolContender {
  readonly name: string;
  /** Through a pool of as many connections as there are tasks; otherwise on one connection. */
  readonly pooled: boolean;
  readonly tasks: number;
}

/** All that send requests through pools, and one connection without a pool, in the order in which they take turns. */
export const POOL_CONTENDERS: readonly PoolContender[] = [
  { name: "connection", pooled: false, tasks: 1 },
  { name: "pool of 1", pooled: true, tasks: 1 },
  { name: "4 tasks", pooled: true, tasks: 4 },
  { name: "8 tasks", pooled: true, tasks: 8 },
];

/** A program of `deflate/`. */
export interface DeflateContender extends Program {
  /** zlib's, 1 to 9, where it can be told. */
  readonly level: number;
  /** What is sent together goes out together. Default: each message by itself. */
  readonly corked?: boolean;
}

/** The clients that compress, in the order in which they take turns; what they receive was compressed at level 6 for all of them. */
const DEFLATE_CLIENTS: readonly DeflateContender[] = [
  { name: "connection", file: "deflate/connection.ts", runtime: "bun", level: 6 },
  { name: "connection, corked", file: "deflate/connection.ts", runtime: "bun", level: 6, corked: true },
  { name: "connection, level 1", file: "deflate/connection.ts", runtime: "bun", level: 1 },
  { name: "bun-websocket", file: "deflate/bun-websocket.ts", runtime: "bun", level: 6 },
  { name: "ws-on-node", file: "deflate/ws-on-node.mjs", runtime: "node", level: 6 },
  { name: "ws-on-node, level 1", file: "deflate/ws-on-node.mjs", runtime: "node", level: 1 },
];

/** The same of servers. */
const DEFLATE_SERVERS: readonly DeflateContender[] = DEFLATE_CLIENTS.map((one) =>
  one.name === "bun-websocket" ? { ...one, name: "bun-serve", file: "deflate/bun-serve.ts" } : one,
);

/** What ratios are taken to; they run wherever another contender of their case does. */
const BASELINES: readonly string[] = ["limit", "bun-websocket", "bun-serve", "fetch"];

/**
 * The contenders of a case (`receive/tcp/40`) whose full name (`receive/tcp/40/handler`) contains the filter, and the baselines beside
 * them; none where the filter names none. A runtime that is not installed is left out.
 */
export function chosenContenders(group: string, filter: string): readonly ContenderProgram[] {
  return chosen(CONTENDERS, group, filter);
}

/** {@link chosenContenders} of those that accept. */
export function chosenAcceptContenders(group: string, filter: string): readonly ContenderProgram[] {
  return chosen(ACCEPT_CONTENDERS, group, filter);
}

/** {@link chosenContenders} of those that read market data in JSON. */
export function chosenJsonContenders(group: string, filter: string): readonly ContenderProgram[] {
  return chosen(JSON_CONTENDERS, group, filter);
}

/** {@link chosenContenders} of those of the series. */
export function chosenSeriesContenders(group: string, filter: string): readonly Program[] {
  return chosen(SERIES_CONTENDERS, group, filter);
}

/** {@link chosenContenders} of those that send requests. */
export function chosenRequestContenders(group: string, filter: string): readonly Program[] {
  return chosen(REQUEST_CONTENDERS, group, filter);
}

/** The same of those that send through pools; the connection alone runs wherever one of them does. */
export function chosenPoolContenders(group: string, filter: string): readonly PoolContender[] {
  const named = POOL_CONTENDERS.filter((one) => `${group}/${one.name}`.includes(filter));
  if (named.length === 0) return [];
  return POOL_CONTENDERS.filter((one) => named.includes(one) || one.name === "connection");
}

/** The same of those that compress, in one role and one way: how they send is of no account to those that receive. */
export function chosenDeflateContenders(
  role: "client" | "server",
  way: "receive" | "send",
  group: string,
  filter: string,
): readonly DeflateContender[] {
  const all = role === "client" ? DEFLATE_CLIENTS : DEFLATE_SERVERS;
  return chosen(way === "send" ? all : all.filter(({ level, corked }) => level === 6 && !corked), group, filter);
}

function chosen<P extends Program>(programs: readonly P[], group: string, filter: string): readonly P[] {
  const installed = programs.filter((one) => one.runtime === "bun" || Bun.which(one.runtime) !== null);
  const named = installed.filter((one) => `${group}/${one.name}`.includes(filter));
  if (named.length === 0) return [];
  return installed.filter((one) => named.includes(one) || BASELINES.includes(one.name));
}
