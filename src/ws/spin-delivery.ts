import { UsageError } from "../codec/errors.ts";
import type { Message } from "../codec/ws/message.ts";
import { type MessageHandler, MessageSink } from "../codec/ws/message-sink.ts";
import type { SpinSession } from "./spin-session.ts";

/** Hands messages to a handler, one call for all that lie in the ring. */
export class SpinDelivery {
  readonly #session: SpinSession;
  readonly #owner: unknown;
  #sink: MessageSink | null = null;
  #running = false;

  constructor(session: SpinSession, owner: unknown) {
    this.#session = session;
    this.#owner = owner;
  }

  /** Hands over `first`, where there is one, and what lies in the ring; the kernel is not asked. Returns how many that were. */
  run(handler: MessageHandler, first: Message | null): number {
    const sink = this.#sinkFor(handler);
    sink.count = 0;
    sink.open = true;
    this.#running = true;
    try {
      if (first === null || sink.take(first)) this.#push(sink);
    } finally {
      this.#running = false;
    }
    return sink.count;
  }

  /** @throws UsageError (`RECV_PENDING`) within the handler: what it would read is being handed over */
  checkIdle(): void {
    if (this.#running) throw new UsageError("RECV_PENDING", "Cannot receive: a handler is being given messages");
  }

  /** Nothing more is handed over. */
  stop(): void {
    this.#sink?.close();
  }

  #push(sink: MessageSink): void {
    const session = this.#session;
    // What looks at each message before it is given out wants it alone.
    const together = session.heartbeat === null && session.recorder === null;
    while (!together || session.reader.push(sink)) {
      const message = session.taken();
      if (message === null || !sink.take(message)) return;
    }
  }

  #sinkFor(handler: MessageHandler): MessageSink {
    if (this.#sink?.handler !== handler) this.#sink = new MessageSink(handler, this.#owner);
    return this.#sink;
  }
}
