import { Peer } from "./peer.ts";
import type { DeflateTask } from "./task.ts";

/** Connects to a server, runs a task, both as JSON in the first argument, and prints the result. */
const { port, task }: { port: number; task: DeflateTask } = JSON.parse(process.argv[2] ?? "null");
const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

let peer: Peer | null = null;
const answered = Promise.withResolvers<string>();
const socket = await Bun.connect({
  hostname: "127.0.0.1",
  port,
  socket: {
    data(_socket, chunk) {
      if (peer === null) answered.resolve(Buffer.from(chunk).toString("latin1"));
      else peer.data(chunk);
    },
    drain: () => peer?.drain(),
    close: () => answered.resolve(""),
  },
});
socket.write(
  `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
);
const head = await answered.promise;
if (!/^sec-websocket-extensions: permessage-deflate\r$/im.test(head))
  throw new Error(`Cannot accept the run: ${head} is not what was asked for`);
peer = new Peer(socket, MASK);
console.log(JSON.stringify(await peer.run(task)));
process.exit(0);
