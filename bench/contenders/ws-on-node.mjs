// `ws` under Node, in a process of its own: Bun replaces the package by one of its own when it is imported there.
import WebSocket from "ws";
import { ca, contend } from "./on-node.mjs";

await contend({
  dial(url) {
    const ws = new WebSocket(url, { perMessageDeflate: false, maxPendingAutoPongs: 0, ...(ca === null ? {} : { ca }) });
    return new Promise((resolve, reject) => {
      ws.on("open", () => resolve(ws));
      ws.on("error", reject);
    });
  },
  listen: (ws, take) => ws.on("message", take),
  textOf: (data) => data.toString(),
  cut: (ws) => ws.terminate(),
});
