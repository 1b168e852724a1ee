import type { Message } from "../../src/codec/mod.ts";
import { TcpListener } from "../../src/socket/mod.ts";
import { WsConnection } from "../../src/ws/mod.ts";
import { announce, Counting } from "./tally.ts";

/** `WsConnection.accept`: counts, or echoes, by the path that was asked for. */
class Handlers {
  echoes = false;
  readonly #counting: Counting = new Counting();

  /** Begins to count, or to echo, by the path that was asked for. */
  begin(target: string): void {
    this.echoes = target === "/echo";
    this.#counting.begin();
  }

  message(ws: WsConnection, message: Message): void {
    if (message.kind !== "binary" || this.echoes) this.#look(ws, message);
    else {
      this.#counting.messages++;
      this.#counting.bytes += message.end - message.start;
    }
  }

  error(_ws: WsConnection, error: unknown): void {
    // A driver that is done cuts.
    if ((error as { code?: string }).code !== "CONNECTION_RESET") console.error(error);
  }

  #look(ws: WsConnection, message: Message): void {
    if (this.echoes) this.#echo(ws, message);
    else if (message.kind === "text" && message.text().startsWith("end ")) ws.sendText(this.#counting.tell());
    else if (!message.isControl) this.#counting.add(message.length);
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
      handlers.begin(target);
    };
    WsConnection.accept(tcp, handlers, { onUpgrade }).catch(console.error);
  }
}

void serve();
await announce(listener.port);
