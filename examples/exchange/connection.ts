import type { Socket } from "bun";
import type { Answer } from "./answer.ts";
import { renderHead, renderLastAnswer, venueAnswer } from "./answer.ts";
import type { ConnectLimit } from "./connect-limit.ts";
import { FaultPlan, isRestFault } from "./faults.ts";
import type { Feed } from "./feed.ts";
import type { ExchangeSettings } from "./options.ts";
import type { HttpRequest } from "./request-parser.ts";
import { RequestParser } from "./request-parser.ts";
import type { RestApi } from "./rest/api.ts";
import { RestFaultPlan } from "./rest/faults.ts";
import { RestPeer } from "./rest/rest-peer.ts";
import { asksForUpgrade, renderAcceptance, upgradeRefusal } from "./upgrade.ts";
import { WebsocketPeer } from "./websocket-peer.ts";
import { Wire } from "./wire.ts";

/** What all connections share. */
export interface Floor {
  readonly settings: ExchangeSettings;
  readonly feed: Feed;
  readonly api: RestApi;
  readonly connectLimit: ConnectLimit;
}

/** One accepted socket: requests answered one after another, until one of them opens a WebSocket. */
export class Connection {
  readonly #socket: Socket<unknown>;
  readonly #floor: Floor;
  readonly #faults: FaultPlan;
  readonly #wire: Wire;
  readonly #requests = new RequestParser();
  readonly #rest: RestPeer;
  #peer: WebsocketPeer | null = null;
  #state: "reading" | "answering" | "ended" = "reading";

  constructor(socket: Socket<unknown>, floor: Floor) {
    const { faults } = floor.settings;
    this.#socket = socket;
    this.#floor = floor;
    this.#faults = new FaultPlan(faults);
    this.#wire = new Wire(socket, this.#faults);
    this.#rest = new RestPeer(
      floor.api,
      this.#wire,
      socket.remoteAddress,
      new RestFaultPlan(faults.filter(isRestFault)),
    );
  }

  /** The open WebSocket, or null while there are only requests. */
  get peer(): WebsocketPeer | null {
    return this.#peer;
  }

  onBytes(chunk: Uint8Array): void {
    if (this.#peer !== null) this.#peer.onBytes(chunk);
    // What crosses a FIN of ours on its way is not acted upon.
    else if (this.#state !== "ended" && !this.#rest.isEnded) {
      this.#rest.wake();
      this.#requests.push(chunk);
      if (this.#state === "reading") this.#read();
      // What is sent ahead of the answers waits in the kernel, the most of it.
      else if (this.#requests.waiting > MOST_WAITING) this.#socket.pause();
    }
  }

  onDrain(): void {
    if (this.#peer !== null) this.#peer.onDrain();
    else this.#wire.flush();
  }

  onClose(): void {
    this.#state = "ended";
    this.#rest.release();
    if (this.#peer !== null) this.#peer.onClose();
    else this.#wire.release();
  }

  /** Ends the connection: with a close frame where a WebSocket is open. */
  end(): void {
    this.#rest.release();
    if (this.#peer !== null) this.#peer.close(1001, "Exchange stopped");
    else this.#end();
  }

  /** Acts on what has come, until a request is missing bytes or its answer takes time. */
  #read(): void {
    while (this.#state === "reading") {
      const request = this.#requests.next();
      if (request === null) {
        const { refusal } = this.#requests;
        if (refusal !== null) this.#refuse(refusal);
        else if (this.#requests.takeExpectation()) this.#send(renderHead(100, {}));
        return;
      }
      const route = routeOf(request);
      if (route !== null || asksForUpgrade(request)) this.#upgrade(request, route);
      else this.#answer(request);
    }
  }

  #answer(request: HttpRequest): void {
    this.#state = "answering";
    // Most are answered at once: then the loop in #read goes on, and not one call deeper for each request.
    let isAnswered: boolean | null = null;
    this.#rest.answer(request, () => {
      if (this.#state === "answering") this.#state = "reading";
      if (isAnswered === false) {
        this.#socket.resume();
        this.#read();
      }
      isAnswered = true;
    });
    isAnswered ??= false;
    if (this.#rest.isEnded) this.#state = "ended";
  }

  #upgrade(request: HttpRequest, route: Route | null): void {
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
    const { settings, feed } = this.#floor;
    const { messageLimit, streamLimit } = settings;
    const inMicroseconds = new URLSearchParams(request.query).get("timeUnit")?.toUpperCase() === "MICROSECOND";
    const options = { combined: route.combined, inMicroseconds, messageLimit, streamLimit };
    this.#state = "ended";
    this.#peer = new WebsocketPeer(feed, this.#wire, this.#faults, settings, options);
    this.#peer.session.subscribe(route.streams);
    const rest = this.#requests.takeRest();
    if (rest.length > 0) this.#peer.onBytes(rest);
  }

  #venueRefusal(): Answer | null {
    if (this.#faults.refusal !== null) return venueAnswer(this.#faults.refusal);
    return this.#floor.connectLimit.admits(this.#socket.remoteAddress, performance.now()) ? null : venueAnswer(429);
  }

  #refuse(refusal: Answer): void {
    this.#send(renderLastAnswer(refusal));
    this.#end();
  }

  #end(): void {
    this.#state = "ended";
    this.#wire.finish();
  }

  #send(text: string): void {
    this.#wire.out.append(Buffer.from(text));
    this.#wire.flush();
  }
}

interface Route {
  readonly combined: boolean;
  readonly streams: readonly string[];
}

/** `/ws`, `/ws/<stream>` and `/stream?streams=<one>/<two>`; null for every other path. */
function routeOf({ path, query }: HttpRequest): Route | null {
  const [, root, ...names] = path.split("/");
  if (root === "ws") return { combined: false, streams: names.filter((name) => name !== "") };
  if (root !== "stream" || names.length > 0) return null;
  const streams = new URLSearchParams(query).get("streams")?.split("/") ?? [];
  return { combined: true, streams: streams.filter((name) => name !== "") };
}

/** Bytes of requests that may wait while one is answered. */
const MOST_WAITING = 64 << 10;
