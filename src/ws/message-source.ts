import type { Histogram } from "../codec/histogram.ts";
import type { Message } from "../codec/ws/message.ts";
import type { MessageHandler } from "../codec/ws/message-sink.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { WsSession } from "./session.ts";

/** Where messages are pulled from. What stands between a session and its program is put there once, as it opens, so that nothing is asked per message. */
export interface MessageSource {
  next(): Message | null;
}

/** The messages of a session as its program is to get them. */
export function sourceOf(session: WsSession): MessageSource {
  const { heartbeat, recorder } = session;
  const told = heartbeat === null ? session : new WithoutHeartbeats(session, heartbeat);
  return recorder === null ? told : new TimedSource(told, recorder.handler);
}

/** The handlers of a program as its session is to call them. */
export function handlerFor(handlers: MessageHandler, { heartbeat, recorder }: WsSession): MessageHandler {
  const told = recorder === null ? handlers : new TimedHandler(handlers, recorder.handler);
  return heartbeat === null ? told : new BetweenHeartbeats(told, heartbeat);
}

class WithoutHeartbeats implements MessageSource {
  readonly #source: MessageSource;
  readonly #heartbeat: Heartbeat;

  constructor(source: MessageSource, heartbeat: Heartbeat) {
    this.#source = source;
    this.#heartbeat = heartbeat;
  }

  next(): Message | null {
    let message = this.#source.next();
    while (message !== null && this.#heartbeat.take(message)) message = this.#source.next();
    return message;
  }
}

/** Handlers that are not told of heartbeats. */
class BetweenHeartbeats implements MessageHandler {
  readonly #handlers: MessageHandler;
  readonly #heartbeat: Heartbeat;

  constructor(handlers: MessageHandler, heartbeat: Heartbeat) {
    this.#handlers = handlers;
    this.#heartbeat = heartbeat;
  }

  message(owner: unknown, message: Message): void {
    if (!this.#heartbeat.take(message)) this.#handlers.message?.(owner, message);
  }
}

/** Counts how long after its read each message is handed out. */
class TimedSource implements MessageSource {
  readonly #source: MessageSource;
  readonly #histogram: Histogram;

  constructor(source: MessageSource, histogram: Histogram) {
    this.#source = source;
    this.#histogram = histogram;
  }

  next(): Message | null {
    const message = this.#source.next();
    if (message !== null) this.#histogram.record((performance.now() - message.receivedAt) * 1e6);
    return message;
  }
}

class TimedHandler implements MessageHandler {
  readonly #handlers: MessageHandler;
  readonly #histogram: Histogram;

  constructor(handlers: MessageHandler, histogram: Histogram) {
    this.#handlers = handlers;
    this.#histogram = histogram;
  }

  message(owner: unknown, message: Message): void {
    this.#histogram.record((performance.now() - message.receivedAt) * 1e6);
    this.#handlers.message?.(owner, message);
  }
}
