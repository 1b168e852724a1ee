import type { Message } from "./message.ts";

/** What is called for every message; `owner` is whom the messages belong to. */
export interface MessageHandler {
  message?(owner: unknown, message: Message): void;
}

/**
 * Where messages are pushed. What pushes many calls the handler itself, as {@link take} does, and adds up what it pushed: a level of calls
 * between costs a fifth of what walking over a short message does.
 */
export class MessageSink {
  readonly handler: MessageHandler;
  readonly owner: unknown;
  /** Messages handed over since it was set to 0. */
  count = 0;
  /** False stops the delivery after the message that is being handed over. Set it false by {@link close}. */
  open = true;
  /** Of a run of frames of one length that is being handed over: where the last of them may start, so that one comparison asks for both. */
  last = -1;

  constructor(handler: MessageHandler, owner: unknown) {
    this.handler = handler;
    this.owner = owner;
  }

  /** Stops the delivery after the message that is being handed over. */
  close(): void {
    this.open = false;
    this.last = -1;
  }

  /** Hands one message over, which is borrowed until this returns; false where the sink is closed then. */
  take(message: Message): boolean {
    this.count++;
    this.handler.message?.(this.owner, message);
    return this.open;
  }
}
