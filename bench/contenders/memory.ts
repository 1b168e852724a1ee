import { heapStats } from "bun:jsc";
import type { Message } from "../../src/codec/mod.ts";
import { WsConnection } from "../../src/ws/mod.ts";
import { BINARY, encodeFrame } from "../corpus.ts";
import { bytesOnTheWire } from "../task.ts";
import { dialBare } from "./bare-socket.ts";
import { connectionOptions, GO } from "./ours.ts";

/**
 * What receiving 40-byte messages leaves behind, after the first hundredth of them and at every tenth: bytes of RSS (`rss`), or heap
 * objects alive after a full collection (`objects`, in a run of its own: collecting would flatter the other). The process has read
 * every kind and size of message before. Arguments: address of the server, number of messages, `rss` or `objects`, `handler` or
 * `limit` (a bare socket that drops its chunks: what Bun itself holds). Prints the samples as one line of JSON.
 */
const [server = "", count = "", what = "", way = ""] = process.argv.slice(2);
const total = Number(count);

class Samples {
  readonly taken: number[] = [];
  #next = total / 100;

  /** `messages` is how many have been read. */
  at(messages: number): void {
    if (messages < this.#next) return;
    this.taken.push(what === "rss" ? process.memoryUsage.rss() : liveObjects());
    this.#next = this.taken.length === 1 ? total / 10 : this.#next + total / 10;
  }
}

const samples = new Samples();
await readByHandler(`${server}/mix?repeat=10`, null);
const stream = `${server}/receive?kind=binary&size=40&count=${total}`;
const messages = way === "handler" ? await readByHandler(stream, samples) : await readBare(stream, samples);
if (messages !== total) throw new Error(`Cannot accept the run: ${messages} messages came where ${total} were sent`);
console.log(JSON.stringify(samples.taken));
process.exit(0);

async function readByHandler(url: string, watch: Samples | null): Promise<number> {
  const done = Promise.withResolvers<void>();
  let messages = 0;
  const handlers = {
    message(_ws: WsConnection, message: Message): void {
      if (message.kind === "binary") {
        messages++;
        watch?.at(messages);
      } else if (message.kind === "text" && message.text().startsWith("end ")) done.resolve();
    },
    error: (_ws: WsConnection, error: unknown): void => done.reject(error),
  };
  const ws = await WsConnection.connect(url, handlers, connectionOptions(null));
  ws.sendBinary(GO);
  await done.promise;
  ws.terminate();
  return messages;
}

async function readBare(url: string, watch: Samples): Promise<number> {
  const done = Promise.withResolvers<void>();
  const frameLength = bytesOnTheWire(40, 1) - bytesOnTheWire(40, 0);
  const wireBytes = bytesOnTheWire(40, total);
  let bytes = 0;
  let upgraded = false;
  const socket = await dialBare(url, null, (socket, chunk) => {
    if (upgraded) {
      bytes += chunk.length;
      watch.at(Math.min(total, Math.floor(bytes / frameLength)));
      if (bytes >= wireBytes) done.resolve();
    } else {
      upgraded = true;
      socket.write(encodeFrame(BINARY, GO, true, new Uint8Array(4)));
    }
  });
  await done.promise;
  socket.terminate();
  return Math.floor(bytes / frameLength) - Math.floor(bytesOnTheWire(40, 0) / frameLength);
}

function liveObjects(): number {
  Bun.gc(true);
  return heapStats().objectCount;
}
