import { memoryPair } from "../../../src/socket/memory-pair.ts";
import { WsStream } from "../../../src/ws/stream.ts";

/** Prints by how many bytes the process grew while `COUNT` pairs of ends were open that compress, and once they are closed. */
const COUNT = 200;
const BOOK = JSON.stringify(Array.from({ length: 400 }, (_, at) => [65_000 - at / 10, at % 7]));

async function open(): Promise<[WsStream, WsStream]> {
  const [near, far] = memoryPair();
  const options = { deflate: { threshold: 0 }, bufferCapacity: 16 << 10, writeBufferCapacity: 1024 };
  const pair = await Promise.all([WsStream.connectWith(near, "ws://h/", options), WsStream.accept(far, options)]);
  for (const [from, to] of [pair, pair.toReversed()]) {
    from?.sendText(BOOK);
    if ((await to?.recv())?.text() !== BOOK) throw new Error("the book came back changed");
  }
  return pair;
}

async function round(terminate: boolean): Promise<number> {
  const before = process.memoryUsage.rss();
  const pairs: [WsStream, WsStream][] = [];
  for (let count = 0; count < COUNT; count++) pairs.push(await open());
  const grown = process.memoryUsage.rss() - before;
  for (const [client, server] of pairs) {
    if (terminate) client.terminate();
    else client.close(1000);
    for (const ws of [server, client]) while ((await ws.recv().catch(() => null)) !== null);
    await client.closed;
  }
  return grown;
}

async function settled(): Promise<number> {
  for (let count = 0; count < 5; count++) {
    Bun.gc(true);
    await Bun.sleep(5);
  }
  return process.memoryUsage.rss();
}

const open1 = await round(false);
const first = await settled();
for (let count = 0; count < 8; count++) await round(count % 2 === 0);
const last = await settled();
console.log(JSON.stringify({ each: open1 / COUNT / 2, grown: last - first }));
