import type { BookDiff } from "./book.ts";
import type { Market, MarketListener, SymbolMarket } from "./market.ts";
import type { StreamKind } from "./streams.ts";
import {
  renderBookTicker,
  renderCombined,
  renderDepthUpdate,
  renderPartialDepth,
  renderTrade,
  STREAM_KINDS,
  streamName,
} from "./streams.ts";

/** Who takes events: a session, as it wants them wrapped and timed. */
export interface Subscriber {
  /** True for `{"stream":…,"data":…}`. */
  readonly combined: boolean;
  /** True for times in microseconds, false for milliseconds. */
  readonly inMicroseconds: boolean;
  deliver(channel: Channel, event: string): void;
}

/** One stream of one symbol. */
export interface Channel {
  readonly name: string;
  readonly kind: StreamKind;
  /** Replaced, not changed, when someone comes or goes, so that a delivery under way is not disturbed. */
  subscribers: readonly Subscriber[];
}

/** Carries what happens in the market to the subscribers of its streams, each event rendered once per form wanted. */
export class Feed implements MarketListener {
  readonly #channels = new Map<string, Channel>();
  readonly #channelsOf = new Map<SymbolMarket, SymbolChannels>();
  readonly #microseconds: () => number;
  readonly #subscribed: () => void;

  /** `microseconds` is the clock that stamps `E`; `subscribed` is called when a stream gains a subscriber. */
  constructor(market: Market, microseconds: () => number, subscribed: () => void) {
    this.#microseconds = microseconds;
    this.#subscribed = subscribed;
    for (const symbol of market.symbols) {
      const [trade, bookTicker, partialDepth, depth] = STREAM_KINDS.map((kind) => this.#open(symbol, kind));
      if (trade && bookTicker && partialDepth && depth) {
        this.#channelsOf.set(symbol, { trade, bookTicker, partialDepth, depth });
      }
    }
  }

  /** A stream that does not exist is accepted and stays silent, as at the venue. */
  subscribe(stream: string, subscriber: Subscriber): void {
    const channel = this.#channels.get(stream);
    if (channel === undefined || channel.subscribers.includes(subscriber)) return;
    channel.subscribers = [...channel.subscribers, subscriber];
    this.#subscribed();
  }

  unsubscribe(stream: string, subscriber: Subscriber): void {
    const channel = this.#channels.get(stream);
    if (channel === undefined || !channel.subscribers.includes(subscriber)) return;
    channel.subscribers = channel.subscribers.filter((each) => each !== subscriber);
  }

  trade(symbol: SymbolMarket): void {
    this.#publish(this.#channelsOf.get(symbol)?.trade, symbol, renderTrade);
  }

  quote(symbol: SymbolMarket): void {
    this.#publish(this.#channelsOf.get(symbol)?.bookTicker, symbol, renderBookTicker);
  }

  windowEnd(symbol: SymbolMarket): void {
    const channels = this.#channelsOf.get(symbol);
    const diff = symbol.book.takeDiff();
    if (channels === undefined || diff === null) return;
    this.#publish(channels.depth, diff, (of: BookDiff, time) => renderDepthUpdate(symbol.book.spec.name, of, time));
    this.#publish(channels.partialDepth, symbol, (of, time) => renderPartialDepth(of.book.snapshot(20), time));
  }

  #open(symbol: SymbolMarket, kind: StreamKind): Channel {
    const channel: Channel = { name: streamName(symbol.book.spec.name, kind), kind, subscribers: [] };
    this.#channels.set(channel.name, channel);
    return channel;
  }

  #publish<Source>(channel: Channel | undefined, source: Source, render: (of: Source, time: number) => string): void {
    if (channel === undefined || channel.subscribers.length === 0) return;
    const time = this.#microseconds();
    let milliText = "";
    let microText = "";
    for (const subscriber of channel.subscribers) {
      let event: string;
      if (subscriber.inMicroseconds) event = microText ||= render(source, time);
      else event = milliText ||= render(source, Math.floor(time / 1_000));
      subscriber.deliver(channel, subscriber.combined ? renderCombined(channel.name, event) : event);
    }
  }
}

interface SymbolChannels {
  readonly trade: Channel;
  readonly bookTicker: Channel;
  readonly partialDepth: Channel;
  readonly depth: Channel;
}
