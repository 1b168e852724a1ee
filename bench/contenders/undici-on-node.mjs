// undici's `WebSocket` under Node, with `ArrayBuffer`s in place of the blobs that it gives by default.
import { Agent, WebSocket } from "undici";
import { ca, contend } from "./on-node.mjs";

const dispatcher = new Agent(ca === null ? {} : { connect: { ca } });

await contend({
  dial(url) {
    const ws = new WebSocket(url, { dispatcher });
    ws.binaryType = "arraybuffer";
    return new Promise((resolve, reject) => {
      ws.onopen = () => resolve(ws);
      ws.onerror = (event) => reject(event.error ?? new Error(`Cannot connect undici's WebSocket to ${url}`));
    });
  },
  listen(ws, take) {
    ws.onmessage = ({ data }) => {
      if (typeof data === "string") take(data, false);
      else take(new Uint8Array(data), true);
    };
  },
  textOf: (data) => data,
  cut: (ws) => ws.close(),
});
