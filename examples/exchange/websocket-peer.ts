import type { Message } from "../../src/codec/mod.ts";
import { FrameReader, FrameWriter } from "../../src/codec/mod.ts";
import type { EndFault, FaultPlan } from "./faults.ts";
import type { Channel, Feed } from "./feed.ts";
import type { ExchangeSettings } from "./options.ts";
import type { SessionOptions, SessionOutlet } from "./session.ts";
import { Session } from "./session.ts";
import { renderCombined, renderServerShutdown } from "./streams.ts";
import type { Wire } from "./wire.ts";

/** The server's end of an open WebSocket: frames to a {@link Session} and back, pings, deadlines, and the faults. */
export class WebsocketPeer implements SessionOutlet {
  readonly session: Session;
  readonly #wire: Wire;
  readonly #faults: FaultPlan;
  readonly #settings: ExchangeSettings;
  readonly #reader = new FrameReader({ role: "server", bufferCapacity: 16 << 10, maxMessageSize: 64 << 10 });
  readonly #writer = new FrameWriter({ role: "server" });
  /** The payloads of the pings not yet answered, oldest first. */
  #unanswered: string[] = [];
  #pongTimer: ReturnType<typeof setTimeout> | null = null;
  readonly #pingTimer: ReturnType<typeof setInterval>;
  readonly #ageTimer: ReturnType<typeof setTimeout>;
  #shutdownTimer: ReturnType<typeof setTimeout> | null = null;
  #echoTimer: ReturnType<typeof setTimeout> | null = null;
  #state: "open" | "closing" | "stalled" | "ended" = "open";

  constructor(feed: Feed, wire: Wire, faults: FaultPlan, settings: ExchangeSettings, options: SessionOptions) {
    this.#wire = wire;
    this.#faults = faults;
    this.#settings = settings;
    this.session = new Session(feed, this, options);
    this.#pingTimer = setInterval(() => this.#ping(), settings.pingInterval);
    this.#ageTimer = setTimeout(() => this.close(1001, "Connection reached its maximum age"), settings.maxAge);
  }

  onBytes(chunk: Uint8Array): void {
    let taken = 0;
    do {
      taken += this.#reader.read(chunk, taken);
      for (let msg = this.#reader.next(); msg !== null; msg = this.#reader.next()) this.#receive(msg);
    } while (taken < chunk.length);
    const { failure } = this.#reader;
    if (failure !== null && this.#state === "open") {
      this.close(failure.closeCode, failure.code);
      // What follows cannot be read, the client's close frame neither.
      this.#wire.finish();
    }
    this.#flush();
  }

  onDrain(): void {
    if (this.#state !== "stalled") this.#wire.flush();
  }

  /** The socket is gone. */
  onClose(): void {
    this.#leave("ended");
    clearTimeout(this.#echoTimer ?? undefined);
    this.#wire.release();
  }

  reply(text: string): void {
    if (this.#state !== "open") return;
    this.#writer.text(this.#wire.out, text);
    this.#flush();
  }

  publish(channel: Channel, event: string): void {
    for (let copies = this.#faults.copies(channel.name, channel.kind); copies > 0; copies--) {
      if (this.#state !== "open") return;
      this.#writer.text(this.#wire.out, event);
      const ending = this.#faults.eventSent();
      if (ending !== null) this.#endBy(ending);
    }
    // A reader that is too slow is cut off: the venue keeps nothing for it.
    if (this.#wire.out.length > this.#settings.backlogLimit) {
      this.#leave("ended");
      this.#wire.cut();
    }
  }

  /** Sends what was published since the last call. */
  flush(): void {
    if (this.#state === "open") this.#flush();
  }

  /** Tells the client that the venue goes down, and closes after `delay` milliseconds. */
  announceShutdown(delay: number): void {
    const event = renderServerShutdown(Date.now() * (this.session.inMicroseconds ? 1_000 : 1));
    this.reply(this.session.combined ? renderCombined("!serverShutdown", event) : event);
    this.#shutdownTimer ??= setTimeout(() => this.close(1001, "Server shutdown"), delay);
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#leave("closing");
    this.#writer.close(this.#wire.out, code, reason);
    this.#flush();
    this.#echoTimer = setTimeout(() => this.#wire.cut(), ECHO_TIME);
  }

  #receive(msg: Message): void {
    if (this.#state === "closing" && msg.kind === "close") this.#wire.finish();
    if (this.#state !== "open") return;
    if (msg.kind === "close") {
      this.#echoClose(msg);
      return;
    }
    if (!this.session.admit(performance.now())) return;
    if (msg.kind === "text") this.session.receive(msg.text());
    else if (msg.kind === "ping") this.#writer.pong(this.#wire.out, msg.bytes());
    else if (msg.kind === "pong") this.#receivePong(msg.text());
    else this.close(1003, "Text only");
  }

  #echoClose(msg: Message): void {
    this.#leave("closing");
    if (msg.closeCode === 1005) this.#writer.close(this.#wire.out);
    else this.#writer.close(this.#wire.out, msg.closeCode);
    this.#wire.finish();
  }

  #ping(): void {
    const payload = Date.now().toString();
    this.#unanswered.push(payload);
    this.#pongTimer ??= this.#awaitPong();
    this.#writer.ping(this.#wire.out, Buffer.from(payload));
    this.#flush();
  }

  /** Only a pong that carries a ping's payload counts: an unsolicited one keeps nothing alive. */
  #receivePong(payload: string): void {
    const at = this.#unanswered.indexOf(payload);
    if (at < 0) return;
    this.#unanswered = this.#unanswered.slice(at + 1);
    clearTimeout(this.#pongTimer ?? undefined);
    this.#pongTimer = this.#unanswered.length > 0 ? this.#awaitPong() : null;
  }

  #awaitPong(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.close(1008, "Pong timeout"), this.#settings.pongDeadline);
  }

  #endBy(fault: EndFault): void {
    switch (fault.kind) {
      case "stall":
        // What was published so far is still sent.
        this.#flush();
        this.#leave("stalled");
        this.#wire.release();
        return;
      case "rst":
        this.#leave("ended");
        this.#wire.cut();
        return;
      case "fin":
        this.#leave("ended");
        this.#wire.finish();
        return;
      case "close":
        this.close(fault.value, "Fault");
        return;
      case "shutdown":
        this.announceShutdown(fault.value);
        return;
    }
  }

  #leave(state: "closing" | "stalled" | "ended"): void {
    this.#state = state;
    this.session.end();
    clearInterval(this.#pingTimer);
    clearTimeout(this.#ageTimer);
    clearTimeout(this.#pongTimer ?? undefined);
    clearTimeout(this.#shutdownTimer ?? undefined);
  }

  #flush(): void {
    if (this.#state !== "stalled") this.#wire.flush();
  }
}

/** How long a client may take to answer a close frame, in milliseconds. */
const ECHO_TIME = 1_000;
