/** Streams as many bytes as its arguments say from the server in them; prints their hash, and by how much the process grew, as JSON. */
import { RequestWriter } from "../../../src/codec/http/request-writer.ts";
import { ResponseReader } from "../../../src/codec/http/response-reader.ts";
import { HttpConnection } from "../../../src/http/connection.ts";

const [url = "", total = "0"] = process.argv.slice(2);
using connection = await HttpConnection.connect(url);
const request = new RequestWriter("h").get("/").header("X-Bytes", total).finish();
const response = await connection.send(request, new ResponseReader(), { stream: true });
const before = process.memoryUsage.rss();
const hash = new Bun.CryptoHasher("sha256");
let bytes = 0;
let most = 0;
for await (const piece of response.stream()) {
  hash.update(piece);
  bytes += piece.length;
  if ((bytes & 0xfffff) < piece.length) most = Math.max(most, process.memoryUsage.rss() - before);
}
console.log(JSON.stringify({ bytes, most, hash: hash.digest("hex") }));
