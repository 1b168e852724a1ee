/**
 * Opens and closes connections to the URL in its arguments, as many as they say, in each way there is; prints how many descriptors it held
 * before and after as JSON. It must end by itself: a timer or socket that is left would keep it.
 */
import { readdirSync } from "node:fs";
import { RequestWriter } from "../../../src/codec/http/request-writer.ts";
import { ResponseReader } from "../../../src/codec/http/response-reader.ts";
import { HttpConnection } from "../../../src/http/connection.ts";
import { request } from "../../../src/http/request.ts";

const [url = "", total = "0"] = process.argv.slice(2);
const openDescriptors = (): number => readdirSync("/proc/self/fd").length;

class Worker {
  readonly #writer: RequestWriter = new RequestWriter("h");
  readonly #reader: ResponseReader = new ResponseReader();

  /** Each leaves a connection that was just made. */
  readonly ways: readonly ((connection: HttpConnection) => unknown)[] = [
    (connection) => connection.close(),
    (connection) => connection.terminate(),
    async (connection) => {
      await this.#get(connection, "/");
      connection.close();
    },
    // The server ends it.
    async (connection) => this.#get(connection, "/close"),
    async (connection) => {
      await this.#get(connection, "/silence", { timeout: 1 }).catch(() => null);
    },
    async (connection) => {
      const waiting = this.#get(connection, "/silence").catch(() => null);
      connection.terminate();
      await waiting;
    },
    async (connection) => {
      const response = await this.#get(connection, "/long", { stream: true });
      for await (const _ of response.stream()) break;
    },
    async (connection) => {
      using _ = connection;
      await this.#get(connection, "/long");
    },
  ];

  async leave(number: number): Promise<void> {
    const way = number % (this.ways.length + 1);
    if (way === this.ways.length) await request(url);
    else await this.ways[way]?.(await HttpConnection.connect(url));
  }

  #get(connection: HttpConnection, path: string, options = {}) {
    return connection.send(this.#writer.get(path).finish(), this.#reader, options);
  }
}

let next = 0;
async function work(): Promise<void> {
  const worker = new Worker();
  while (next < Number(total)) await worker.leave(next++);
}

const before = openDescriptors();
await Promise.all(Array.from({ length: 8 }, work));
// The last ones are closed by the event loop, after their promises were settled.
for (let turns = 0; openDescriptors() > before && turns < 5000; turns++) await Bun.sleep(1);
console.log(JSON.stringify({ connections: next, before, after: openDescriptors() }));
