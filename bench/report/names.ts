/** Who a contender is: one of ours, a limit or plain thing that ours are measured by, or somebody else's. */
export type Side = "ours" | "limit" | "rival";

export function sideOf(contender: string): Side {
  const [name = ""] = contender.split(",", 1);
  if (LIMITS.includes(name)) return "limit";
  return RIVALS.includes(name) ? "rival" : "ours";
}

/** How a table, or a chart, calls a contender. */
export function titleOf(contender: string, group: string): string {
  if (contender === "handler" && group.startsWith("accept/")) return "`WsConnection.accept`, handler";
  if (contender === "limit" && group.startsWith("accept/")) return "limit: bare `Bun.listen`";
  if (group.startsWith("deflate/"))
    return contender.replace(/^[\w-]+/, (name) => (name === "connection" ? "`WsConnection`" : (TITLES[name] ?? name)));
  if (contender === "spin" && group.startsWith("spin/requests")) return "`SpinHttpConnection`";
  if (group.startsWith("micro/") || group.startsWith("memory/requests")) return contender;
  const [name = "", ...rest] = contender.split(",");
  return [TITLES[name] ?? name, ...rest].join(",");
}

/** The same without marks of Markdown. */
export function plainTitleOf(contender: string, group: string): string {
  return titleOf(contender, group).replaceAll("`", "");
}

const LIMITS = ["limit", "floor", "array", "message", "yardstick", "idle", "parse-alone", "codec"];
const RIVALS = [
  "bun-websocket",
  "bun-serve",
  "ws-on-node",
  "undici-on-node",
  "fetch",
  "node-http-on-bun",
  "node-http-on-node",
  "generic-pool",
];
const TITLES: Readonly<Record<string, string>> = {
  limit: "limit: bare `Bun.connect`",
  "parse-alone": "`JSON.parse` alone, no socket",
  handler: "`WsConnection`, handler",
  "try-recv": "`WsStream.tryRecv`",
  "await-recv": "`await WsStream.recv`",
  "for-await": "`for await`, owned copies",
  connection: "`HttpConnection`",
  "bun-websocket": "Bun's `WebSocket`",
  "bun-serve": "`Bun.serve`",
  "ws-on-node": "`ws` on Node",
  "undici-on-node": "undici on Node",
  "node-http-on-bun": "`node:http` on Bun",
  "node-http-on-node": "`node:http` on Node",
  fetch: "Bun's `fetch`",
  "pool of 1": "pool of 1, sequential",
  "4 tasks": "pool of 4, 4 at a time",
  "8 tasks": "pool of 8, 8 at a time",
  array: "push and pop of an array",
  "lifo-pool": "`LifoPool`",
  "client-pool": "`ClientPool`",
  "atomic-pool": "`AtomicClientPool`",
  "generic-pool": "generic-pool",
  message: "`postMessage` there and back",
  floor: "floor: bare `send(2)` and `recv(2)`",
  spin: "`SpinWsStream.recv`, spinning",
  "spin-handler": "`SpinWsStream.recvAll`, spinning",
  poll: "`SpinWsStream`, in `poll(2)`",
  "spin-then-poll": "`SpinWsStream.recv`, spin, then poll",
};
