import type { Message } from "../codec/ws/message.ts";
import type { Outbox } from "./outbox.ts";

/** The answers to pings (RFC 6455 section 5.5.3). */
export class Pongs {
  readonly #outbox: Outbox;
  #owed: Uint8Array | null = null;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Answers at once, unless the peer does not read: one that pings then is owed the latest pong only. */
  answer(ping: Message): void {
    if (this.#outbox.full) this.#owed = ping.bytes().slice();
    else this.#outbox.pong(ping.bytes());
  }

  /** Sends the pong that is owed, as there is room. */
  settle(): void {
    const owed = this.#owed;
    this.#owed = null;
    if (owed !== null) this.#outbox.pong(owed);
  }
}
