/** Leaves a connection in the way that its arguments name, to a server at the URL in them, and must then end by itself. */
import { RequestWriter } from "../../../src/codec/http/request-writer.ts";
import { ResponseReader } from "../../../src/codec/http/response-reader.ts";
import { HttpConnection } from "../../../src/http/connection.ts";
import type { SendOptions } from "../../../src/http/options.ts";
import { request } from "../../../src/http/request.ts";

const [way = "", url = ""] = process.argv.slice(2);
// Limits that would keep the process if they outlived their connection.
const limits = { connectTimeout: 600_000, tlsTimeout: 600_000, continueTimeout: 600_000 };
const long = { timeout: 600_000 };
const writer = new RequestWriter("h");
const reader = new ResponseReader();

const connect = (): Promise<HttpConnection> => HttpConnection.connect(url, limits);
const get = (connection: HttpConnection, path: string, options: SendOptions = long) =>
  connection.send(writer.get(path).finish(), reader, options);

const WAYS: Readonly<Record<string, () => Promise<unknown>>> = {
  async close() {
    const connection = await connect();
    await get(connection, "/");
    connection.close();
  },
  async "close, never used"() {
    (await connect()).close();
  },
  async terminate() {
    const connection = await connect();
    await get(connection, "/");
    connection.terminate();
  },
  async dispose() {
    using connection = await connect();
    await get(connection, "/");
  },
  async "ended by the server"() {
    await get(await connect(), "/close");
  },
  async "timed out"() {
    await get(await connect(), "/silence", { timeout: 60 }).catch(() => null);
  },
  async aborted() {
    await get(await connect(), "/silence", { ...long, signal: AbortSignal.timeout(60) }).catch(() => null);
  },
  async "a stream that was left"() {
    const response = await get(await connect(), "/long", { ...long, stream: true });
    for await (const _ of response.stream()) break;
  },
  async "while a 100 is waited for"() {
    const connection = await connect();
    const waiting = connection.send(
      writer.post("/silence").header("Expect", "100-continue").body("x").finish(),
      reader,
      long,
    );
    await Bun.sleep(10);
    connection.terminate();
    await waiting.catch(() => null);
  },
  async "idle, with a Keep-Alive of its server's"() {
    const connection = await connect();
    await get(connection, "/keep-alive");
    connection.close();
  },
  async request() {
    await request(url, { ...limits, ...long });
  },
  async "request, refused"() {
    await request("http://127.0.0.1:1/", { ...limits, ...long }).catch(() => null);
  },
};

await WAYS[way]?.();
console.log(way in WAYS ? "left" : "unknown");
