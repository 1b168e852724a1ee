import type { Message } from "../codec/ws/message.ts";
import { SpinSession } from "./spin-session.ts";

/** A {@link SpinSession} that counts how long after its read each message is given out. */
export class TimedSpinSession extends SpinSession {
  override next(): Message | null {
    return this.#count(super.next());
  }

  override taken(): Message | null {
    return this.#count(super.taken());
  }

  #count(message: Message | null): Message | null {
    if (message !== null) this.recorder?.handler.record((performance.now() - message.receivedAt) * 1e6);
    return message;
  }
}
