import { TimeoutError } from "../codec/errors.ts";
import type { HeaderPairs } from "../codec/http/head.ts";
import { type DeflateTerms, deflateOffer } from "../codec/ws/deflate-terms.ts";
import { upgradeRequestText } from "../codec/ws/upgrade-request.ts";
import { type UpgradeOutcome, UpgradeResponseReader } from "../codec/ws/upgrade-response.ts";
import type { ConnectTimes } from "../socket/connect-clock.ts";
import { endInOrder, NOBODY } from "../socket/ending.ts";
import { AbortedError } from "../socket/errors.ts";
import type { Transport, TransportHandler } from "../socket/transport.ts";
import { acceptKey } from "./accept-key.ts";
import { HandshakeError } from "./errors.ts";
import type { WsSettings } from "./options.ts";
import { shownUrl, type WsTarget } from "./target.ts";

/** What a successful opening handshake settled. */
export interface OpenHandshake {
  readonly url: string;
  readonly protocol: string;
  readonly headers: HeaderPairs;
  /** How messages are compressed. Default: they are not. */
  readonly deflate?: DeflateTerms | null;
  /** How long it took. Default: that was not measured. */
  readonly connect?: ConnectTimes;
}

/** An opening handshake that is ready to be sent. */
export interface Upgrade {
  readonly url: string;
  readonly request: Uint8Array;
  /** The `Sec-WebSocket-Accept` that answers it (RFC 6455 section 4.2.2). */
  readonly accept: string;
}

/** @throws UsageError for subprotocols, fields or a URL that must not go on the wire; so call it before anything is connected. */
export function prepareUpgrade(target: WsTarget, settings: WsSettings): Upgrade {
  const key = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
  const { url, authority, path } = target;
  const { protocols, deflate } = settings;
  const text = upgradeRequestText({
    authority,
    target: path,
    key,
    protocols,
    extensions: deflate === null ? "" : deflateOffer(deflate.terms),
    headers: fields(settings, target),
  });
  return { url, request: Buffer.from(text, "latin1"), accept: acceptKey(key) };
}

/** Called within the transport's callback, so that no byte can come between the handshake and its successor. */
export type OnOpen<T> = (handshake: OpenHandshake, rest: Uint8Array) => T;

/**
 * A client's opening handshake over a connected transport (RFC 6455 section 4.1). Resolves with what `onOpen` makes of it; on any
 * failure the transport is cut.
 *
 * @param timeout milliseconds that are left of `connectTimeout`
 */
export function openHandshake<T>(
  transport: Transport,
  upgrade: Upgrade,
  settings: WsSettings,
  timeout: number,
  onOpen: OnOpen<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  new Handshake(transport, upgrade, settings, timeout, (outcome, rest) => {
    if (outcome instanceof Error) {
      leave(transport, outcome);
      reject(outcome);
      return;
    }
    try {
      const { protocol, headers, deflate } = outcome;
      resolve(onOpen({ url: upgrade.url, protocol, headers, deflate }, rest));
    } catch (error) {
      transport.terminate();
      reject(error);
    }
  }).start();
  return promise;
}

/** A server that said no is left in order: RST would be an error there. */
function leave(transport: Transport, why: Error): void {
  if (!(why instanceof HandshakeError) || why.code !== "HANDSHAKE_REFUSED" || transport.closed) {
    transport.terminate();
    return;
  }
  transport.attach(NOBODY);
  endInOrder(transport);
}

type Opened = UpgradeOutcome & { open: true };

class Handshake implements TransportHandler {
  readonly #transport: Transport;
  readonly #upgrade: Upgrade;
  readonly #reader: UpgradeResponseReader;
  readonly #settings: WsSettings;
  readonly #timeout: number;
  readonly #settle: (outcome: Opened | Error, rest: Uint8Array) => void;
  readonly #onAbort: () => void;
  readonly #timer: ReturnType<typeof setTimeout>;
  #sent = 0;
  #settled = false;

  constructor(
    transport: Transport,
    upgrade: Upgrade,
    settings: WsSettings,
    timeout: number,
    settle: (outcome: Opened | Error, rest: Uint8Array) => void,
  ) {
    const { protocols, deflate, signal } = settings;
    const { accept } = upgrade;
    const url = shownUrl(upgrade.url);
    this.#transport = transport;
    this.#upgrade = upgrade;
    this.#settings = settings;
    this.#timeout = timeout;
    this.#settle = settle;
    this.#reader = new UpgradeResponseReader({ accept, protocols, deflate: deflate?.terms ?? null });
    this.#onAbort = () => {
      const message = `Cannot open WebSocket ${url}: aborted during handshake`;
      this.#finish(new AbortedError(message, "handshake", signal?.reason));
    };
    this.#timer = setTimeout(() => this.#expire(url), timeout);
  }

  start(): void {
    const { signal } = this.#settings;
    if (signal?.aborted) {
      this.#onAbort();
      return;
    }
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#send();
    this.#transport.attach(this);
    // It was over before, and another was told.
    if (this.#transport.closed) this.#cut(null);
  }

  onBytes(chunk: Uint8Array): void {
    if (this.#settled) return;
    const taken = this.#reader.read(chunk);
    const { outcome } = this.#reader;
    if (outcome === null) return;
    this.#finish(outcome.open ? outcome : new HandshakeError(outcome), chunk.subarray(taken));
  }

  onDrain(): void {
    if (!this.#settled) this.#send();
  }

  onEnd(): void {
    this.#cut(null);
  }

  onClose(error: Error | null): void {
    this.#cut(error);
  }

  #send(): void {
    const { request } = this.#upgrade;
    if (this.#sent === request.length) return;
    const taken = this.#transport.write(request, this.#sent, request.length - this.#sent);
    if (taken > 0) this.#sent += taken;
  }

  #cut(cause: Error | null): void {
    if (this.#settled) return;
    this.#reader.eof();
    const { outcome } = this.#reader;
    if (outcome !== null && !outcome.open) {
      this.#finish(new HandshakeError(outcome, cause === null ? undefined : { cause }));
    }
  }

  #expire(url: string): void {
    // Part of a refusal's body may be missing, but the status is known.
    if (this.#reader.refused) this.#cut(null);
    const { connectTimeout } = this.#settings;
    const message = `Cannot open WebSocket ${url}: ${connectTimeout} ms ran out during handshake, ${Math.ceil(this.#timeout)} ms of them there`;
    this.#finish(new TimeoutError("CONNECT_TIMEOUT", message, connectTimeout, "handshake"));
  }

  #finish(outcome: Opened | Error, rest: Uint8Array = NOTHING): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#settings.signal?.removeEventListener("abort", this.#onAbort);
    this.#settle(outcome, rest);
  }
}

/** The URL's login stands for an `Authorization` that the user did not give. */
function fields({ headers }: WsSettings, { authorization }: WsTarget): WsSettings["headers"] {
  if (authorization === null || headers.some(([name]) => name.toLowerCase() === "authorization")) return headers;
  return [...headers, ["Authorization", authorization]];
}

const NOTHING: Uint8Array = new Uint8Array(0);
