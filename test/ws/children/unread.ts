/**
 * Opens a stream to the URL in its argument and does not read it until a line comes on its standard input; then it reads as many messages
 * as that says, and checks each. Prints three lines of JSON: that
 * it is open, by how many bytes the process has grown since without reading, and how many messages it read.
 */
import { WsStream } from "../../../src/ws/stream.ts";
import { testTls } from "../../helpers/peer-server.ts";
import { checkNumbered } from "../numbered.ts";

const [url = ""] = process.argv.slice(2);
const ws = await WsStream.connect(url, url.startsWith("wss:") ? { tls: testTls() } : {});
Bun.gc(true);
const before = process.memoryUsage.rss();
console.log(JSON.stringify({ open: true }));
for await (const line of console) {
  console.log(JSON.stringify({ grown: process.memoryUsage.rss() - before }));
  let read = 0;
  while (read < Number(line)) {
    const message = await ws.recv();
    if (message === null) throw new Error(`the stream ended at ${read}`);
    checkNumbered(message, read++);
    for (let next = ws.tryRecv(); next !== null; next = ws.tryRecv()) checkNumbered(next, read++);
  }
  console.log(JSON.stringify({ read }));
  break;
}
ws.terminate();
