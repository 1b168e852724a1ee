import type { Message } from "../../src/codec/mod.ts";
import { WsConnection, WsStream } from "../../src/ws/mod.ts";
import { connectionOptions, GO } from "./ours.ts";

/**
 * Heap bytes that reading a message allocates, by the heap's growth between two messages of one connection. Runs with the collector
 * off (`BUN_JSC_useGC=0`), so that nothing is taken back in between. Arguments: address of the stream, number of messages, the way
 * they are read. Prints one line of JSON.
 */
const [url = "", count = "", way = ""] = process.argv.slice(2);
const total = Number(count);

class HeapGrowth {
  messages = 0;
  #from = 0;
  #to = 0;
  readonly #first = Math.floor(total / 2);
  readonly #last = total - 1;

  /** Counts a message; the heap is looked at after the first half, when the engine has compiled what it will, and at the end. */
  count(): void {
    this.messages++;
    if (this.messages === this.#first) this.#from = heapBytes();
    else if (this.messages === this.#last) this.#to = heapBytes();
  }

  get perMessage(): number {
    return (this.#to - this.#from) / (this.#last - this.#first);
  }
}

/** The heap itself: the chunks' own bytes lie outside and come to a message's size each, whoever reads them. */
function heapBytes(): number {
  return process.memoryUsage().heapUsed;
}

const growth = new HeapGrowth();
if (way === "handler") await readByHandler();
else if (way === "for-await") await readByIterator();
else await readByStream(way === "try-recv");
if (growth.messages !== total)
  throw new Error(`Cannot accept the run: ${growth.messages} messages came where ${total} were sent`);
console.log(JSON.stringify({ bytesPerMessage: growth.perMessage }));
process.exit(0);

async function readByHandler(): Promise<void> {
  const done = Promise.withResolvers<void>();
  const handlers = {
    message(_ws: WsConnection, message: Message): void {
      if (message.kind === "binary") growth.count();
      else done.resolve();
    },
    error: (_ws: WsConnection, error: unknown): void => done.reject(error),
  };
  const ws = await WsConnection.connect(url, handlers, connectionOptions(null));
  ws.sendBinary(GO);
  await done.promise;
}

async function readByStream(drains: boolean): Promise<void> {
  const ws = await WsStream.connect(url, connectionOptions(null));
  ws.sendBinary(GO);
  let message = await ws.recv();
  while (message !== null && message.kind === "binary") {
    growth.count();
    message = drains ? (ws.tryRecv() ?? (await ws.recv())) : await ws.recv();
  }
}

async function readByIterator(): Promise<void> {
  const ws = await WsStream.connect(url, connectionOptions(null));
  ws.sendBinary(GO);
  for await (const message of ws) {
    if (message.kind !== "binary") break;
    growth.count();
  }
}
