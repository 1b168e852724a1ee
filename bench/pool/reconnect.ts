import { ClientPool } from "../../src/pool/mod.ts";
import type { ReconnectResult } from "./task.ts";
import { TinyServer } from "./tiny-server.ts";

/**
 * From the moment at which a server listens again to the first answer that it gives through a pool of one connection. Arguments: `waiting`,
 * where somebody waits in `acquire` all the time that it is away, or `asking`, where a task asks with `tryAcquire` each millisecond; for
 * how many milliseconds it is away; how often.
 */
const [way = "", away = "", rounds = ""] = process.argv.slice(2);
const server = new TinyServer();
const pool = await ClientPool.connect({ url: server.url, acquireTimeout: 60_000 });
await request();

const milliseconds: number[] = [];
for (let round = Number(rounds); round > 0; round--) {
  server.stop();
  while (pool.stats().idle > 0) await Bun.sleep(1);
  const answered = request();
  await Bun.sleep(Number(away));
  server.start();
  const listening = Bun.nanoseconds();
  await answered;
  milliseconds.push((Bun.nanoseconds() - listening) / 1e6);
}
const result: ReconnectResult = { milliseconds };
console.log(JSON.stringify(result));
process.exit(0);

async function request(): Promise<void> {
  let slot = way === "waiting" ? await pool.acquire() : pool.tryAcquire();
  for (; slot === null; slot = pool.tryAcquire()) await Bun.sleep(1);
  using acquired = slot;
  const { status } = await acquired.send(acquired.writer.get("/").finish());
  if (status !== 200) throw new Error(`Cannot accept the run: the answer is ${status}`);
}
