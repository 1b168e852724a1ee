import { heapStats } from "bun:jsc";
import type { Message } from "../../src/codec/mod.ts";
import { WsConnection } from "../../src/ws/mod.ts";
import { connectionOptions, GO } from "./ours.ts";

/**
 * What receiving through the handler leaves behind, after the first hundredth of the messages and at every tenth: bytes of RSS
 * (`rss`), or heap objects alive after a full collection (`objects`, in a run of its own: collecting would flatter the other).
 * Arguments: address of the stream, number of messages, `rss` or `objects`. Prints the samples as one line of JSON.
 */
const [url = "", count = "", what = ""] = process.argv.slice(2);
const total = Number(count);
const samples: number[] = [];

const first = total / 100;
const step = total / 10;
const done = Promise.withResolvers<void>();
let messages = 0;
let next = first;

const ws = await WsConnection.connect(
  url,
  {
    message(_ws: WsConnection, message: Message): void {
      if (message.kind === "text") {
        done.resolve();
        return;
      }
      messages++;
      if (messages !== next) return;
      samples.push(what === "rss" ? process.memoryUsage.rss() : liveObjects());
      next = next === first ? step : next + step;
    },
    error: (_ws: WsConnection, error: unknown): void => done.reject(error),
  },
  connectionOptions(null),
);
ws.sendBinary(GO);
await done.promise;
ws.terminate();
if (messages !== total) throw new Error(`Cannot accept the run: ${messages} messages came where ${total} were sent`);
console.log(JSON.stringify(samples));
process.exit(0);

function liveObjects(): number {
  Bun.gc(true);
  return heapStats().objectCount;
}
