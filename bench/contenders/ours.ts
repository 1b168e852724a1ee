import type { Message } from "../../src/codec/mod.ts";
import { TlsConfig } from "../../src/socket/mod.ts";
import type { WsOptions } from "../../src/ws/mod.ts";
import { checksum } from "../corpus.ts";
import { type Receipt, UNTIMED } from "./contender.ts";

/** The options of every contender of ours: the defaults, and the test authority under TLS. */
export function connectionOptions(ca: string | null): WsOptions {
  return ca === null ? {} : { tls: new TlsConfig({ ca }) };
}

/** Reads every byte of every message, and text as text too, up to the end frame. */
export class Examiner {
  readonly receipt: Receipt & { messages: number; end: string } = {
    messages: 0,
    bytes: 0,
    checksum: 0,
    end: "",
    elapsed: UNTIMED,
  };

  /** True once the end frame came. */
  take(message: Message): boolean {
    if (message.kind !== "text" && message.kind !== "binary") return false;
    return this.takeBytes(message.buffer, message.start, message.end, message.kind === "text" ? message.text() : null);
  }

  /** The same for a payload that stands in `buffer`; `text` is what it reads as, null for a binary message. */
  takeBytes(buffer: Uint8Array, start: number, end: number, text: string | null): boolean {
    const { receipt } = this;
    if (text?.startsWith("end ")) {
      receipt.end = text;
      return true;
    }
    if (text !== null && Buffer.byteLength(text) !== end - start)
      throw new Error("Cannot accept the run: a text has another length");
    receipt.messages++;
    receipt.bytes += end - start;
    receipt.checksum = checksum(receipt.checksum, buffer, start, end);
    return false;
  }
}

/** The go-ahead: any message. */
export const GO: Uint8Array = new Uint8Array(2);
