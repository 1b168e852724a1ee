/**
 * Our server for the fuzzing client of the public suite: `bun test/conformance/echo-server.ts PORT [--deflate]`. PORT 0 takes a free one. Prints
 * `listening on PORT`, and ends with its standard input.
 */
import { TcpListener } from "../../src/socket/mod.ts";
import { WsConnection } from "../../src/ws/mod.ts";
import { ECHO, echoArguments, echoOptions } from "./echo.ts";

const { words, deflate } = echoArguments(1, "bun test/conformance/echo-server.ts PORT [--deflate]");
const listener = TcpListener.bind({ hostname: "127.0.0.1", port: Number(words[0]) });
console.log(`listening on ${listener.port}`);

async function serve(): Promise<void> {
  for await (const tcp of listener) {
    // An upgrade that fails has been answered.
    WsConnection.accept(tcp, ECHO, echoOptions(deflate)).catch(() => {});
  }
}

void serve();
for await (const _ of Bun.stdin.stream()) {
  // Nothing is asked for.
}
process.exit(0);
