/** A price level as the venue sends it; quantity "0.00000000" in a diff removes it. */
export type Level = readonly [price: string, quantity: string];

/** `<symbol>@depth@100ms`: what changed in the book. */
export interface DepthUpdate {
  /** When it was sent, in milliseconds or microseconds. */
  readonly E: number;
  /** The first and the last update id within. */
  readonly U: number;
  readonly u: number;
  readonly b: readonly Level[];
  readonly a: readonly Level[];
}

/** `GET /api/v3/depth`: the best levels at one update id, best first. */
export interface Snapshot {
  readonly lastUpdateId: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** `<symbol>@depth20@100ms`: the best twenty levels. */
export interface PartialDepth extends Snapshot {
  /** Our exchange's own; the venue sends none. */
  readonly E?: number;
}

/** `<symbol>@bookTicker`: the best bid and ask after update `u`. */
export interface BookTicker {
  readonly u: number;
  readonly b: string;
  readonly B: string;
  readonly a: string;
  readonly A: string;
  /** Our exchange's own; the venue sends none. */
  readonly E?: number;
}

/** `<symbol>@trade`: ids are consecutive within a symbol. */
export interface TradeEvent {
  readonly E: number;
  readonly t: number;
  readonly p: string;
  readonly q: string;
}

/** An event of a combined stream. */
export interface StreamEvent {
  /** As in `btcusdt@depth20@100ms`. */
  readonly stream: string;
  readonly data: unknown;
}

/** The answer to a control message. */
export interface ControlReply {
  readonly id: number | string | null;
  readonly result?: unknown;
  readonly code?: number;
  readonly msg?: string;
}

/** What a combined connection delivers. The venue's word is taken for the shape: this is its documented API. */
export type VenueMessage = StreamEvent | ControlReply;
