import { UsageError } from "../codec/errors.ts";
import type { HeaderPairs } from "../codec/http/head.ts";
import { isToken } from "../codec/http/head.ts";
import type { RequestHead } from "../codec/http/request-head.ts";
import { MAX_TIMEOUT, positive, type WsOptions, type WsSettings, wsSettings } from "./options.ts";

/** How a WebSocket is accepted and held. Everything is optional; times are in milliseconds, sizes in bytes. */
export interface AcceptOptions
  extends Pick<
    WsOptions,
    | "closeTimeout"
    | "signal"
    | "highWaterMark"
    | "maxFrameSize"
    | "maxMessageSize"
    | "autoPong"
    | "deflate"
    | "heartbeat"
    | "liveness"
    | "latency"
  > {
  /** Bounds the upgrade request, {@link onUpgrade} included. Default 10,000. A peer that sends too little in it is answered 408. */
  readonly handshakeTimeout?: number;
  /** Bytes of the upgrade request. Default 16 KiB. */
  readonly maxHeadSize?: number;
  /** Fields of the upgrade request. Default 128. */
  readonly maxHeaders?: number;
  /** Subprotocols that are spoken here. The first that the client offers and that is among them is chosen, unless {@link onUpgrade} chooses. Default: none. */
  readonly protocols?: readonly string[];
  /** Fields of the answer, sent in this order and case. Default: none. */
  readonly headers?: NonNullable<WsOptions["headers"]>;
  /**
   * The origins whose pages are let in, as browsers write them (`https://example.com`), `null` among them for clients that are no browsers
   * and name none; or a function that says so. Default: every one. Without it any page on the web can use a browser's way into a private network.
   */
  readonly origins?: readonly (string | null)[] | ((origin: string | null) => boolean);
  /**
   * Sees each request that keeps the rules, and chooses a subprotocol, adds fields to the answer, or refuses with a status. It may take its
   * time, up to `handshakeTimeout`. What it throws, the promise of `accept` rejects with, and the peer is answered 500.
   */
  readonly onUpgrade?: (request: RequestHead) => UpgradeDecision | Promise<UpgradeDecision>;
  /** Bytes of the ring that is read into, at least 256. Default 16 KiB: small, as there may be many. Raise it where clients send in bursts; larger messages arrive whole all the same. */
  readonly bufferCapacity?: number;
  /** Bytes of the buffer that is encoded into, made with the first message; it grows while the kernel takes less than is sent. Default 16 KiB. */
  readonly writeBufferCapacity?: number;
}

/** What becomes of an upgrade request: nothing said means that it is accepted. */
export type UpgradeDecision = AcceptDecision | RefuseDecision | undefined;

/** Accepts an upgrade request. */
export interface AcceptDecision {
  readonly status?: undefined;
  /** The subprotocol, one of those that the client offers; `""` for none. Default: chosen from `protocols`. */
  readonly protocol?: string;
  /** Fields of the answer, behind those of the options. */
  readonly headers?: NonNullable<WsOptions["headers"]>;
}

/** Refuses an upgrade request. */
export interface RefuseDecision {
  /** 300 to 599: 401, 403, 404, 429, 503. */
  readonly status: number;
  /** Fields of the answer: `Retry-After`, `WWW-Authenticate`. */
  readonly headers?: NonNullable<WsOptions["headers"]>;
  /** Default: empty. */
  readonly body?: string;
}

/** {@link AcceptOptions}, checked and complete. */
export interface AcceptSettings {
  readonly session: WsSettings;
  readonly handshakeTimeout: number;
  readonly maxHeadSize: number;
  readonly maxHeaders: number;
  readonly protocols: readonly string[];
  readonly headers: HeaderPairs;
  readonly letsIn: (origin: string | null) => boolean;
  readonly onUpgrade: ((request: RequestHead) => UpgradeDecision | Promise<UpgradeDecision>) | null;
}

export function acceptSettings(options: AcceptOptions): AcceptSettings {
  const { handshakeTimeout, origins, protocols = [], bufferCapacity, writeBufferCapacity } = options;
  const session = wsSettings({
    ...options,
    bufferCapacity: bufferCapacity ?? 16 << 10,
    writeBufferCapacity: writeBufferCapacity ?? 16 << 10,
  });
  const stranger = protocols.find((protocol) => !isToken(protocol));
  if (stranger !== undefined) {
    throw new UsageError(
      "UPGRADE_DECISION_INVALID",
      `Cannot accept WebSocket: subprotocol ${JSON.stringify(stranger)} is not a token`,
    );
  }
  return {
    session,
    handshakeTimeout: positive("handshakeTimeout", handshakeTimeout ?? 10_000, MAX_TIMEOUT),
    maxHeadSize: options.maxHeadSize ?? 16 << 10,
    maxHeaders: options.maxHeaders ?? 128,
    protocols,
    headers: session.headers,
    letsIn: typeof origins === "function" ? origins : (origin) => origins?.includes(origin) ?? true,
    onUpgrade: options.onUpgrade ?? null,
  };
}
