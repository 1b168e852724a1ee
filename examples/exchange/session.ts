import type { ControlRequest } from "./control.ts";
import { parseControl } from "./control.ts";
import type { Channel, Feed, Subscriber } from "./feed.ts";

/** What a session needs of the connection under it. */
export interface SessionOutlet {
  /** Sends the reply to a control message. */
  reply(text: string): void;
  /** Sends an event of a stream. */
  publish(channel: Channel, event: string): void;
  /** Ends the connection with a close frame. */
  close(code: number, reason: string): void;
}

export interface SessionOptions {
  /** `/stream` starts combined, `/ws` does not. */
  readonly combined: boolean;
  readonly inMicroseconds: boolean;
  /** How many frames a client may send in any second, PING, PONG and control messages counted. */
  readonly messageLimit: number;
  /** How many streams one connection may be subscribed to. */
  readonly streamLimit: number;
}

/** What the venue keeps per connection: its subscriptions, its one property, and how much it has been asked lately. */
export class Session implements Subscriber {
  combined: boolean;
  readonly inMicroseconds: boolean;
  readonly #feed: Feed;
  readonly #outlet: SessionOutlet;
  readonly #options: SessionOptions;
  readonly #streams = new Set<string>();
  /** When the latest frames came, in milliseconds, oldest first; at most `messageLimit` of them. */
  readonly #frameTimes: number[] = [];

  constructor(feed: Feed, outlet: SessionOutlet, options: SessionOptions) {
    this.#feed = feed;
    this.#outlet = outlet;
    this.#options = options;
    this.combined = options.combined;
    this.inMicroseconds = options.inMicroseconds;
  }

  get streams(): readonly string[] {
    return [...this.#streams];
  }

  /** Counts a frame of the client's. False ends the session: the frame is one too many and must not be acted on. */
  admit(milliseconds: number): boolean {
    const { messageLimit } = this.#options;
    const times = this.#frameTimes;
    while (times.length > 0 && (times[0] ?? 0) <= milliseconds - 1_000) times.shift();
    if (times.length >= messageLimit) {
      this.#outlet.close(1008, "Too many requests");
      return false;
    }
    times.push(milliseconds);
    return true;
  }

  /** Acts on a control message and answers it. */
  receive(text: string): void {
    const request = parseControl(text);
    if ("error" in request) this.#outlet.reply(JSON.stringify(request.error));
    else this.#answer(request);
  }

  /** Adds streams, as a subscription in the url or a SUBSCRIBE does. */
  subscribe(streams: readonly string[]): void {
    for (const stream of streams) {
      if (this.#streams.has(stream)) continue;
      if (this.#streams.size >= this.#options.streamLimit) {
        this.#outlet.close(1008, `Over ${this.#options.streamLimit} streams`);
        return;
      }
      this.#streams.add(stream);
      this.#feed.subscribe(stream, this);
    }
  }

  deliver(channel: Channel, event: string): void {
    this.#outlet.publish(channel, event);
  }

  /** Takes the session out of the feed. */
  end(): void {
    for (const stream of this.#streams) this.#feed.unsubscribe(stream, this);
    this.#streams.clear();
  }

  #answer(request: ControlRequest): void {
    const { id } = request;
    switch (request.method) {
      case "SUBSCRIBE":
        // The reply first: no event of a stream comes before the word that it was subscribed.
        this.#reply(null, id);
        this.subscribe(request.streams);
        return;
      case "UNSUBSCRIBE":
        for (const stream of request.streams) {
          if (this.#streams.delete(stream)) this.#feed.unsubscribe(stream, this);
        }
        this.#reply(null, id);
        return;
      case "LIST_SUBSCRIPTIONS":
        this.#reply(this.streams, id);
        return;
      case "SET_PROPERTY":
        this.combined = request.value;
        this.#reply(null, id);
        return;
      case "GET_PROPERTY":
        this.#reply(this.combined, id);
        return;
    }
  }

  #reply(result: unknown, id: ControlRequest["id"]): void {
    this.#outlet.reply(JSON.stringify({ result, id }));
  }
}
