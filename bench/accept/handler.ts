import type { Message } from "../../src/codec/mod.ts";
import { TcpListener } from "../../src/socket/mod.ts";
import { WsConnection } from "../../src/ws/mod.ts";
import { announce, Counting } from "./tally.ts";

/** `WsConnection.accept`: counts, or echoes, by the path that was asked for. */
class Handlers {
  echoes = false;
  readonly #counting: Counting = new Counting();

  message(ws: WsConnection, message: Message): void {
    if (message.kind === "binary" && !this.echoes) this.#counting.add(message.end - message.start);
    else if (this.echoes) this.#echo(ws, message);
    else if (message.kind === "text" && message.text().startsWith("end ")) ws.sendText(this.#counting.tell());
    else if (!message.isControl) this.#counting.add(message.length);
  }

  error(_ws: WsConnection, error: unknown): void {
    // A driver that is done cuts.
    if ((error as { code?: string }).code !== "CONNECTION_RESET") console.error(error);
  }

  #echo(ws: WsConnection, message: Message): void {
    if (message.kind === "binary") ws.sendBinary(message.bytes());
    else if (message.kind === "text") ws.sendText(message.text());
  }
}

const listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });

async function serve(): Promise<void> {
  for await (const tcp of listener) {
    const handlers = new Handlers();
    const onUpgrade = ({ target }: { readonly target: string }): undefined => {
      handlers.echoes = target === "/echo";
    };
    WsConnection.accept(tcp, handlers, { onUpgrade }).catch(console.error);
  }
}

void serve();
await announce(listener.port);
