import { Stopwatch } from "../contenders/contender.ts";
import { contendJson } from "./contender.ts";

/** What market data begins with, and no end frame does. */
const BRACE = 0x7b;

/** Bun's own `WebSocket`: `JSON.parse(event.data)`. */
await contendJson({
  async receive(url) {
    const done = Promise.withResolvers<string>();
    const ws = await dial(url);
    let messages = 0;
    let sum = 0;
    ws.onmessage = (event: MessageEvent<string>) => {
      const text = event.data;
      if (text.charCodeAt(0) === BRACE) {
        messages++;
        sum = (sum + (JSON.parse(text) as { u: number }).u) | 0;
      } else done.resolve(text);
    };
    const stopwatch = new Stopwatch();
    ws.send("go");
    const end = await done.promise;
    const { wall, cpu } = stopwatch.stop();
    ws.terminate();
    return { messages, sum, end, wall, cpu };
  },

  async drain(url) {
    const done = Promise.withResolvers<void>();
    const ws = await dial(url);
    ws.onmessage = ({ data }: MessageEvent<string | Uint8Array>) => {
      if (typeof data === "string" && data.startsWith("end ")) done.resolve();
    };
    ws.send("go");
    await done.promise;
    ws.terminate();
  },
});

async function dial(url: string): Promise<WebSocket> {
  const open = Promise.withResolvers<void>();
  const ws = new WebSocket(url);
  ws.onopen = () => open.resolve();
  ws.onerror = () => open.reject(new Error(`Cannot connect Bun's WebSocket to ${url}`));
  await open.promise;
  return ws;
}
