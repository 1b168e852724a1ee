import type { Message } from "../../src/codec/mod.ts";
import type { WsConnection, WsHandlers, WsOptions } from "../../src/ws/mod.ts";

/** Sends each data message back as it came. What breaks a connection is the point of many a case: it is told by the close frame. */
export const ECHO: WsHandlers = {
  message(ws: WsConnection, message: Message): void {
    if (message.kind === "text") ws.sendText(message.text());
    else if (message.kind === "binary") ws.sendBinary(message.bytes());
  },
  error() {},
};

/** Room for the largest cases, and with `--deflate` every message is compressed, however short. */
export function echoOptions(deflate: boolean): Pick<WsOptions, "deflate" | "maxMessageSize"> {
  return { maxMessageSize: 32 << 20, ...(deflate ? { deflate: { threshold: 0 } } : {}) };
}

/** The arguments, and whether `--deflate` was among them; ends with `usage` where their number is not `count`. */
export function echoArguments(count: number, usage: string): { words: string[]; deflate: boolean } {
  const args = process.argv.slice(2);
  const words = args.filter((arg) => arg !== "--deflate");
  if (words.length !== count) {
    console.error(usage);
    process.exit(2);
  }
  return { words, deflate: words.length < args.length };
}
