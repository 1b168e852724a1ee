import type { Message } from "../../src/codec/mod.ts";
import { TcpListener } from "../../src/socket/mod.ts";
import { WsConnection } from "../../src/ws/mod.ts";
import { announce } from "../accept/tally.ts";
import { Puppet } from "./puppet.ts";
import { readParameters } from "./task.ts";

/** `WsConnection`: connects where it is given a URL, else it accepts. Corked, what is sent within one handler goes out in one write, as Bun.serve does it. */
class Handlers {
  #puppet: Puppet | null = null;

  message(ws: WsConnection, message: Message): void {
    this.#puppet ??= new Puppet((text) => ws.sendText(text), corked ? (sends) => ws.cork(sends) : undefined);
    if (message.kind === "text") this.#puppet.take(message.text());
  }

  error(_ws: WsConnection, error: unknown): void {
    // A driver that is done cuts.
    if ((error as { code?: string }).code !== "CONNECTION_RESET") console.error(error);
  }
}

const { url, level, threshold, corked } = readParameters();
const deflate = { level, threshold };
if (url !== null) await WsConnection.connect(url, new Handlers(), { deflate });
else {
  const listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const tcp of listener) WsConnection.accept(tcp, new Handlers(), { deflate }).catch(console.error);
  })();
  await announce(listener.port);
}
