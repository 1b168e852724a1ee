import type { Socket } from "bun";
import type { ConnectLimit } from "./connect-limit.ts";
import { FaultPlan } from "./faults.ts";
import type { Feed } from "./feed.ts";
import type { ExchangeSettings } from "./options.ts";
import type { Refusal, RequestHead } from "./upgrade.ts";
import { parseRequestHead, renderAcceptance, renderRefusal, upgradeRefusal, venueRefusal } from "./upgrade.ts";
import { WebsocketPeer } from "./websocket-peer.ts";
import { Wire } from "./wire.ts";

/** One accepted socket: a request head first, then a {@link WebsocketPeer}. */
export class Connection {
  readonly #socket: Socket<unknown>;
  readonly #feed: Feed;
  readonly #connectLimit: ConnectLimit;
  readonly #settings: ExchangeSettings;
  readonly #faults: FaultPlan;
  readonly #wire: Wire;
  #head: Buffer = Buffer.alloc(0);
  #peer: WebsocketPeer | null = null;
  #isRefused = false;

  constructor(socket: Socket<unknown>, feed: Feed, connectLimit: ConnectLimit, settings: ExchangeSettings) {
    this.#socket = socket;
    this.#feed = feed;
    this.#connectLimit = connectLimit;
    this.#settings = settings;
    this.#faults = new FaultPlan(settings.faults);
    this.#wire = new Wire(socket, this.#faults);
  }

  /** The open WebSocket, or null before the upgrade and after a refusal. */
  get peer(): WebsocketPeer | null {
    return this.#peer;
  }

  onBytes(chunk: Uint8Array): void {
    if (this.#peer !== null) this.#peer.onBytes(chunk);
    else if (!this.#isRefused) this.#readHead(chunk);
  }

  onDrain(): void {
    if (this.#peer !== null) this.#peer.onDrain();
    else this.#wire.flush();
  }

  onClose(): void {
    if (this.#peer !== null) this.#peer.onClose();
    else this.#wire.release();
  }

  /** Ends the connection: with a close frame where a WebSocket is open. */
  end(): void {
    if (this.#peer !== null) this.#peer.close(1001, "Exchange stopped");
    else this.#wire.finish();
  }

  #readHead(chunk: Uint8Array): void {
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#head.length > LARGEST_HEAD) this.#refuse({ status: 431, body: "The request head is over 16 KiB" });
      return;
    }
    const request = parseRequestHead(this.#head.toString("latin1", 0, end));
    if (request === null) this.#refuse({ status: 400, body: "This is no HTTP/1.1 request" });
    else this.#answer(request, this.#head.subarray(end + 4));
  }

  #answer(request: RequestHead, rest: Uint8Array): void {
    const route = routeOf(request.url);
    if (route === null) {
      this.#refuse({ status: 404, body: "There is nothing here" });
      return;
    }
    const refusal = upgradeRefusal(request) ?? this.#venueRefusal();
    if (refusal !== null) {
      this.#refuse(refusal);
      return;
    }
    this.#send(renderAcceptance(request));
    const { messageLimit, streamLimit } = this.#settings;
    const inMicroseconds = request.url.searchParams.get("timeUnit")?.toUpperCase() === "MICROSECOND";
    const options = { combined: route.combined, inMicroseconds, messageLimit, streamLimit };
    this.#peer = new WebsocketPeer(this.#feed, this.#wire, this.#faults, this.#settings, options);
    this.#peer.session.subscribe(route.streams);
    if (rest.length > 0) this.#peer.onBytes(rest);
  }

  #venueRefusal(): Refusal | null {
    if (this.#faults.refusal !== null) return venueRefusal(this.#faults.refusal);
    return this.#connectLimit.admits(this.#socket.remoteAddress, performance.now()) ? null : venueRefusal(429);
  }

  #refuse(refusal: Refusal): void {
    this.#isRefused = true;
    this.#send(renderRefusal(refusal));
    this.#wire.finish();
  }

  #send(text: string): void {
    this.#wire.out.append(Buffer.from(text));
    this.#wire.flush();
  }
}

/** `/ws`, `/ws/<stream>` and `/stream?streams=<one>/<two>`; null for every other path. */
function routeOf(url: URL): { readonly combined: boolean; readonly streams: readonly string[] } | null {
  const [, root, ...names] = url.pathname.split("/");
  if (root === "ws") return { combined: false, streams: names.filter((name) => name !== "") };
  if (root !== "stream" || names.length > 0) return null;
  const streams = url.searchParams.get("streams")?.split("/") ?? [];
  return { combined: true, streams: streams.filter((name) => name !== "") };
}

const LARGEST_HEAD = 16 << 10;
