import { announce } from "../accept/tally.ts";
import { Puppet } from "./puppet.ts";
import { readParameters } from "./task.ts";

/** Bun's own server with a window of 15 bits for each connection and way; its level cannot be chosen. */
const { threshold } = readParameters();
const server = Bun.serve<{ puppet: Puppet | null }>({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, self) =>
    self.upgrade(request, { data: { puppet: null } }) ? undefined : new Response(null, { status: 426 }),
  websocket: {
    perMessageDeflate: { compress: "256KB", decompress: "dedicated" },
    backpressureLimit: 64 << 20,
    maxPayloadLength: 64 << 20,
    message(ws, message) {
      ws.data.puppet ??= new Puppet((text) => ws.send(text, text.length >= threshold));
      if (typeof message === "string") ws.data.puppet.take(message);
    },
  },
});

await announce(server.port ?? 0);
