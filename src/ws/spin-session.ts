import type { ProtocolError } from "../codec/errors.ts";
import { CloseCode } from "../codec/ws/close-code.ts";
import type { DeflateTerms } from "../codec/ws/deflate-terms.ts";
import { FrameWriter } from "../codec/ws/frame-writer.ts";
import type { Message } from "../codec/ws/message.ts";
import { PushingReader } from "../codec/ws/pushing-reader.ts";
import { ringMemory } from "../socket/ring-memory.ts";
import { memoryAt, type SpinMemory } from "../socket/spin-memory.ts";
import type { SpinTransport } from "../socket/spin-transport.ts";
import { SpinWait } from "../socket/spin-wait.ts";
import { DeflateSender } from "./deflate-sender.ts";
import { inflateStream } from "./deflate-zlib.ts";
import { abnormalClosure, closeTimedOut, notOpen, WsClosedError } from "./errors.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { LatencyRecorder } from "./latency.ts";
import { maskKeys } from "./mask-keys.ts";
import { Outbox } from "./outbox.ts";
import { PingClock } from "./ping-clock.ts";
import { Pongs } from "./pongs.ts";
import { type SessionEnd, type SessionState, TRANSITIONS, type WsClosure } from "./session-state.ts";
import { SpinDuties } from "./spin-duties.ts";
import type { SpinWsSettings } from "./spin-options.ts";
import { MOST_READS, SpinRefuse } from "./spin-refuse.ts";

/**
 * The protocol over a transport that is asked. All of it happens within the calls of the thread that owns it: bytes go from the kernel
 * straight into the reader's ring, what is owed to the peer (pong, close echo) is written as its frame is read, and deadlines are looked
 * at while there is nothing to read.
 */
export class SpinSession {
  readonly transport: SpinTransport;
  readonly outbox: Outbox;
  readonly reader: PushingReader;
  /** Where latencies are counted; null where they are not. */
  readonly recorder: LatencyRecorder | null;
  readonly heartbeat: Heartbeat | null;
  state: SessionState = "open";
  /** Set once, when there is nothing more to read and the end is known. */
  end: SessionEnd | null = null;

  readonly #settings: SpinWsSettings;
  /** The ring's memory. */
  readonly #memory: SpinMemory;
  readonly #most: number;
  readonly #pongs: Pongs;
  readonly #pings: PingClock | null;
  readonly #wait: SpinWait;
  readonly #duties: SpinDuties;
  #peerClose: WsClosure | null = null;
  #shutdownOwed = false;
  #errorTold = false;
  /** Calls of the kernel, to look at the clock every few. */
  #reads = 0;
  readonly #refuse: SpinRefuse = new SpinRefuse();

  constructor(transport: SpinTransport, settings: SpinWsSettings, agreed: DeflateTerms | null) {
    const { bufferCapacity, maxFrameSize, maxMessageSize, writeBufferCapacity: capacity, highWaterMark } = settings.ws;
    const { deflate, heartbeat, latency } = settings.ws;
    this.transport = transport;
    this.#settings = settings;
    const inflate = agreed && { ...agreed.peer, open: inflateStream };
    const memory = ringMemory(bufferCapacity);
    this.reader = new PushingReader({ role: "client", memory, maxFrameSize, maxMessageSize, inflate });
    this.reader.stamps.kernel = transport;
    this.#memory = memoryAt(this.reader.ring.bytes);
    this.#most = settings.wait.maxReadSize;
    const writer = new FrameWriter({ role: "client", maskKeys });
    const sender = agreed && deflate && new DeflateSender(agreed.own, deflate);
    this.outbox = new Outbox(transport, writer, { capacity, highWaterMark }, sender);
    this.#pongs = new Pongs(this.outbox);
    this.recorder = latency;
    this.#pings = this.recorder && new PingClock(this.recorder.pingRoundTrip);
    this.outbox.onRoom = () => this.#pongs.settle();
    this.#wait = new SpinWait(settings.wait);
    this.#duties = new SpinDuties(settings.ws);
    // Its own beats are sent by the clock of the wait, not by a timer.
    const { interval: _, ...answers } = heartbeat ?? {};
    this.heartbeat = heartbeat && new Heartbeat(answers, (text) => this.#beat(text));
  }

  /**
   * The next message that has come, heartbeats answered and left out, or null; it asks the kernel where nothing is left in the ring.
   * So what is given out came with the last read.
   */
  next(): Message | null {
    const message = this.reader.next();
    if (message !== null && !message.isControl && this.heartbeat === null) return message;
    return this.#nextSlow(message, true);
  }

  /** The same of what lies in the ring; it asks nobody. */
  taken(): Message | null {
    return this.#nextSlow(this.reader.next(), false);
  }

  /** Waits for the next message, until `deadline` on the clock of `performance.now()`; null then, and at the end. */
  wait(deadline: number): Message | null {
    const wait = this.#wait;
    wait.begin();
    for (;;) {
      const message = this.next();
      if (message !== null || this.over || this.hasError) return message;
      const { dueAt } = this.#duties;
      if (!wait.rest(this.transport, this.outbox.length > 0, dueAt < deadline ? dueAt : deadline)) continue;
      this.tick(wait.now);
      if (wait.now >= deadline) return this.next();
    }
  }

  /** Waits until at most `most` bytes wait to be sent; false where `deadline` came first. Nothing is read meanwhile. */
  flush(most: number, deadline: number): boolean {
    const wait = this.#wait;
    wait.begin();
    for (;;) {
      this.settle();
      if ((this.outbox.length <= most && !this.transport.owes) || this.transport.closed) return true;
      if (wait.rest(this.transport, true, deadline) && wait.now >= deadline) return false;
    }
  }

  /** Asks the kernel once; true where something came to be read. */
  receive(): boolean {
    const { reader, transport } = this;
    if ((++this.#reads & 63) === 0) this.tick(performance.now());
    if (transport.closed) return false;
    if (this.outbox.length > 0 || transport.owes) this.settle();
    if (reader.failure !== null || reader.closed) {
      this.#awaitEnd(reader.failure);
      return false;
    }
    // Nothing is lent any more: the ring takes back what was.
    reader.read(NOTHING);
    const { ring } = reader;
    const room = ring.mirrored ? ring.free : ring.capacity - ring.tail;
    const count = transport.receive(this.#memory.address + ring.tail, room < this.#most ? room : this.#most);
    if (count > 0) {
      ring.filled(count);
      this.received(performance.now());
      return true;
    }
    if (count < 0) {
      this.#finish({ code: CloseCode.ABNORMAL, reason: "", error: transport.fault ?? abnormalClosure(reader) });
      transport.terminate();
    }
    return false;
  }

  /** What was put into the reader came at `now`. */
  received(now: number): void {
    this.reader.stamps.add(now);
    this.#duties.heard(now);
  }

  /** Does what is due. Bytes that have come were read before: a peer is judged by what it sent, not by when that was read. */
  tick(now: number): void {
    const duties = this.#duties;
    if (now < duties.dueAt || this.transport.closed) return;
    if (duties.closeDue(now)) {
      const error = this.state === "closing" ? closeTimedOut(this.#settings.ws.closeTimeout) : null;
      this.#finish({ ...(this.#peerClose ?? { code: CloseCode.ABNORMAL, reason: "" }), error });
      this.transport.terminate();
      return;
    }
    const beat = duties.beatDue(now);
    if (beat !== null) this.#beat(beat);
    if (duties.pingDue(now) && this.state === "open") this.ping();
    const silence = duties.silenceOver(now);
    if (silence !== null) {
      this.#finish({ code: CloseCode.ABNORMAL, reason: "", error: silence });
      this.transport.terminate();
    }
  }

  /** Offers what waits to the kernel. */
  settle(): void {
    if (this.transport.owes) this.transport.flush();
    if (this.outbox.length > 0) this.outbox.drain();
    if (this.#shutdownOwed) this.#shutdownOnceSent();
  }

  /** Begins the closing handshake; without effect once it has begun. */
  close(code: number | undefined, reason: string | undefined): boolean {
    if (this.state !== "open") return true;
    const taken = this.outbox.close(code, reason);
    this.#enter("closing");
    this.#duties.closing();
    return taken;
  }

  ping(payload?: Uint8Array): boolean {
    return this.#pings === null ? this.outbox.ping(payload) : this.#pings.send(this.outbox, payload);
  }

  /** Cuts the connection and drops what was not read. */
  terminate(): void {
    if (!this.reader.closed) this.reader.reset();
    this.#finish({ code: CloseCode.ABNORMAL, reason: "", error: null });
    this.transport.terminate();
  }

  /** Nothing more comes or goes, and the descriptor has been given back. */
  get over(): boolean {
    return this.transport.closed;
  }

  /** It ended in an error that nobody was told yet. */
  get hasError(): boolean {
    return this.end !== null && !this.#errorTold && !this.reader.closed;
  }

  /** The error that ended it, once. */
  takeError(): Error {
    this.#errorTold = true;
    return this.end?.error ?? new WsClosedError("WS_TERMINATED", "Cannot read: the WebSocket was terminated");
  }

  /** Nothing that comes will be read any more; only the end is awaited. */
  get stopped(): boolean {
    return this.reader.failure !== null || this.reader.closed;
  }

  /** When {@link tick} has something to do, on the clock of `performance.now()`. */
  get dueAt(): number {
    return this.#duties.dueAt;
  }

  /** Throws where nothing can be sent any more; else makes what room there is. */
  checkOpen(): void {
    if (this.state !== "open") throw notOpen("send", this.state);
    if (this.outbox.length > 0) this.settle();
  }

  /** Gives the ring's memory back; no message is lent out any more. */
  releaseMemory(): void {
    this.reader.release();
  }

  #nextSlow(first: Message | null, asks: boolean): Message | null {
    let message = first;
    for (let reads = 0; ; ) {
      if (message === null) {
        if (!asks || ++reads > MOST_READS || !this.receive()) return null;
      } else {
        if (message.isControl) this.#answer(message);
        if (this.heartbeat === null || !this.heartbeat.take(message)) return message;
      }
      message = this.reader.next();
    }
  }

  /** The peer broke the protocol, or its close frame was read: what follows is dropped until it ends the connection. */
  #awaitEnd(failure: ProtocolError | null): void {
    if (failure !== null && this.end === null) this.#fail(failure);
    if (this.#refuse.drop(this.transport)) return;
    this.#finish({ ...(this.#peerClose ?? { code: CloseCode.ABNORMAL, reason: "" }), error: null });
    this.transport.close();
  }

  #answer(message: Message): void {
    if (message.kind === "pong") this.#pings?.hear(message);
    if (message.kind === "ping" && this.state === "open" && this.#settings.ws.autoPong) this.#pongs.answer(message);
    if (message.kind !== "close") return;
    const { closeCode, closeReason } = message;
    this.#peerClose = { code: closeCode, reason: closeReason };
    if (this.state === "open") this.outbox.close(closeCode === CloseCode.NO_STATUS ? undefined : closeCode, undefined);
    this.#enter("answered");
    // The server ends the connection first (RFC 6455 section 7.1.1).
    this.#duties.closing();
  }

  /** Tells the peer why and ends our half; it has the close timeout to end the other. */
  #fail(failure: ProtocolError): void {
    if (this.state === "open") this.outbox.close(failure.closeCode, undefined);
    this.#enter("failed");
    this.end = { code: CloseCode.ABNORMAL, reason: "", error: failure };
    this.#duties.closing();
    this.#shutdownOnceSent();
  }

  #shutdownOnceSent(): void {
    this.#shutdownOwed = this.outbox.length > 0 || this.transport.owes;
    if (!this.#shutdownOwed) this.transport.shutdown();
  }

  #finish(end: SessionEnd): void {
    this.end ??= end;
    this.#enter("ended");
    this.outbox.clear();
  }

  #beat(text: string): void {
    if (this.state === "open") this.outbox.text(text);
  }

  #enter(next: SessionState): void {
    if (TRANSITIONS[this.state].includes(next)) this.state = next;
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);
