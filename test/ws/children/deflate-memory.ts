import { deflateStream, inflateStream } from "../../../src/ws/deflate-zlib.ts";

/** Prints by how many bytes the process grew over streams that were closed, and over streams that were only let go. */
const input = new Uint8Array(50_000).map((_, at) => (Math.imul(at, 0x9e3779b1) >>> 20) & 63);
const output = new Uint8Array(60_000);

function use(close: boolean): void {
  const deflate = deflateStream(15, { level: 1, memLevel: 8 });
  deflate.run(input, 0, input.length, output, 0, output.length);
  const inflate = inflateStream(15);
  inflate.run(output, 0, deflate.written, new Uint8Array(60_000), 0, 60_000);
  if (!close) return;
  deflate.close();
  inflate.close();
}

async function growth(count: number, close: boolean): Promise<number> {
  const before = process.memoryUsage.rss();
  for (let done = 0; done < count; done++) {
    use(close);
    if (done % 100 === 99) await Bun.sleep(0);
    if (done % 500 === 499) Bun.gc(true);
  }
  Bun.gc(true);
  return process.memoryUsage.rss() - before;
}

await growth(500, true);
const closed = await growth(5_000, true);
const left = await growth(5_000, false);
console.log(JSON.stringify({ closed, left }));
