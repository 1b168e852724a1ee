/**
 * Opens and closes WebSockets to the URL in its arguments, as many as they say, in each way there is; prints how many descriptors it held
 * before and after as JSON. It must end by itself: a timer or socket that is left would keep it.
 */
import { readdirSync } from "node:fs";
import { WsConnection } from "../../../src/ws/connection.ts";
import { WsStream } from "../../../src/ws/stream.ts";

const [url = "", total = "0"] = process.argv.slice(2);
const openDescriptors = (): number => readdirSync("/proc/self/fd").length;

const WAYS: readonly ((ws: WsStream) => Promise<unknown>)[] = [
  async (ws) => ws.terminate(),
  async (ws) => {
    ws.close(1000);
    while ((await ws.recv()) !== null);
  },
  async (ws) => {
    ws.sendText("close");
    while ((await ws.recv()) !== null);
  },
  async (ws) => ws[Symbol.asyncDispose](),
  async (ws) => {
    ws.sendText("terminate");
    await ws.recv().catch(() => null);
  },
];

let next = 0;
async function work(): Promise<void> {
  while (next < Number(total)) {
    const number = next++;
    if (number % 6 === 5) {
      const ws = await WsConnection.connect(url, {});
      ws.close(1000);
      await ws.closed;
    } else {
      const ws = await WsStream.connect(url);
      await WAYS[number % 6]?.(ws);
      await ws.closed;
    }
  }
}

const before = openDescriptors();
await Promise.all(Array.from({ length: 8 }, work));
// The last ones are closed by the event loop, after their promises were settled.
for (let turns = 0; openDescriptors() > before && turns < 1000; turns++) await Bun.sleep(1);
console.log(JSON.stringify({ connections: next, before, after: openDescriptors() }));
