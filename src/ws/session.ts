import type { ProtocolError } from "../codec/errors.ts";
import { CloseCode } from "../codec/ws/close-code.ts";
import type { DeflateTerms } from "../codec/ws/deflate-terms.ts";
import type { FrameReader } from "../codec/ws/frame-reader.ts";
import { FrameScout } from "../codec/ws/frame-scout.ts";
import { FrameWriter } from "../codec/ws/frame-writer.ts";
import type { Message } from "../codec/ws/message.ts";
import type { MessageSink } from "../codec/ws/message-sink.ts";
import type { Role } from "../codec/ws/opcode.ts";
import { QuietLine } from "../socket/quiet-line.ts";
import { ringMemory } from "../socket/ring-memory.ts";
import type { Transport } from "../socket/transport.ts";
import { CloseTimer } from "./close-timer.ts";
import { DeflateSender } from "./deflate-sender.ts";
import { abnormalClosure, closeTimedOut, notOpen } from "./errors.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Inbox } from "./inbox.ts";
import type { LatencyRecorder } from "./latency.ts";
import { Liveness, type WatchedSession } from "./liveness.ts";
import { maskKeys } from "./mask-keys.ts";
import type { WsSettings } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { PingClock } from "./ping-clock.ts";
import { Pongs } from "./pongs.ts";
import { type SessionEnd, type SessionShell, type SessionState, TRANSITIONS, type WsClosure } from "./session-state.ts";

/**
 * The protocol over an open transport, in the order of duties that each chunk meets: it is fed to the reader, what is owed to the
 * peer (pong, close echo) is written as its frame is read, deadlines are armed, and the message is handed to the shell.
 */
export class WsSession implements WatchedSession {
  readonly transport: Transport;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly reader: FrameReader;
  /** Where latencies are counted; null where they are not. */
  readonly recorder: LatencyRecorder | null;
  readonly heartbeat: Heartbeat | null;
  state: SessionState = "open";
  /** Set once, when there is nothing more to read and the end is known. */
  end: SessionEnd | null = null;

  readonly #line: QuietLine;
  readonly #settings: WsSettings;
  readonly #role: Role;
  readonly #scout: FrameScout;
  #shell: SessionShell = ASLEEP;
  /** The peer's close frame, once it was read, or seen ahead of reading. */
  #peerClose: WsClosure | null = null;
  /** The peer's FIN, or the transport's end, was seen: no more bytes come. */
  #finished = false;
  #transportError: Error | null = null;
  readonly #pongs: Pongs;
  readonly #pings: PingClock | null;
  #shutdownOwed = false;
  #scouting = false;
  readonly #closeTimer: CloseTimer;

  constructor(transport: Transport, role: Role, settings: WsSettings, agreed: DeflateTerms | null = null) {
    const { writeBufferCapacity: capacity, highWaterMark, deflate } = settings;
    this.transport = transport;
    this.#line = new QuietLine(transport, false);
    this.#role = role;
    this.#settings = settings;
    this.inbox = new Inbox(transport, role, ringMemory(settings.bufferCapacity), settings, agreed);
    this.reader = this.inbox.reader;
    this.#scout = new FrameScout(this.reader);
    const writer = new FrameWriter(role === "client" ? { role, maskKeys } : { role });
    const sender = agreed && deflate && new DeflateSender(agreed.own, deflate);
    this.outbox = new Outbox(this.#line, writer, { capacity, highWaterMark }, sender);
    this.outbox.onRoom = () => this.#room();
    this.#pongs = new Pongs(this.outbox);
    this.recorder = settings.latency;
    this.#pings = this.recorder && new PingClock(this.recorder.pingRoundTrip);
    this.#closeTimer = new CloseTimer(settings.closeTimeout, () => this.#onCloseTimeout());
    this.heartbeat = settings.heartbeat && new Heartbeat(settings.heartbeat, (text) => this.#beat(text));
  }

  /** Begins: `rest` are the bytes that came with the handshake. */
  start(shell: SessionShell, rest: Uint8Array): void {
    this.#shell = shell;
    if (shell.sink !== null) this.inbox.push();
    if (rest.length > 0) this.inbox.receive(rest);
    const { liveness } = this.#settings;
    this.#line.attach(liveness === null ? this : new Liveness(this, this.inbox, liveness));
    if (rest.length > 0) shell.wake();
  }

  onBytes(chunk: Uint8Array): void {
    if (this.state === "ended") return;
    this.inbox.receive(chunk);
    this.#shell.wake();
  }

  onDrain(): void {
    this.outbox.drain();
    if (this.#shutdownOwed) this.#shutdownOnceSent();
  }

  onEnd(): void {
    this.lookAhead();
    this.#finished = true;
    if (this.state === "answered") this.#shutdownOnceSent();
    // Nobody may be reading: then the close timeout bounds what the end of the messages would tell.
    this.#closeTimer.arm();
    if (!this.unread) this.#exhausted();
    this.#shell.wake();
  }

  onClose(error: Error | null): void {
    this.lookAhead();
    this.#finished = true;
    this.#transportError = error;
    this.#disarm();
    this.outbox.clear();
    this.#enter("ended");
    if (!this.unread) this.#exhausted();
    this.#shell.wake();
  }

  /** The next message, or null: then {@link end} says whether it was the last. Pings and close frames are answered on the way. */
  next(): Message | null {
    const message = this.reader.next();
    if (message !== null && !message.isControl) return message;
    return this.#nextSlow(message);
  }

  /** Pushes all that can be read, until `sink` is closed. The close message is not pushed: {@link end} tells it. */
  deliver(sink: MessageSink): void {
    while (this.inbox.walk(sink)) {
      const message = this.next();
      if (message === null) return;
      if (message.kind !== "close" && !sink.take(message)) return;
    }
  }

  /**
   * Answers pings and the close frame that lie behind unread messages, once the program has had its turn: within the same turn of the
   * event loop it usually reads all there is.
   */
  scheduleLookAhead(): void {
    if (this.#scouting) return;
    this.inbox.load();
    if (this.reader.nextFrame >= this.reader.ring.tail) return;
    this.#scouting = true;
    setImmediate(() => {
      this.#scouting = false;
      this.lookAhead();
    });
  }

  lookAhead(): void {
    if (this.state !== "open" && this.state !== "closing") return;
    for (let message = this.#scout.next(); message !== null; message = this.#scout.next()) this.#answer(message);
  }

  /** Begins the closing handshake; without effect once it has begun. */
  close(code: number | undefined, reason: string | undefined): boolean {
    if (this.state !== "open") return true;
    const taken = this.outbox.close(code, reason);
    this.#enter("closing");
    this.#closeTimer.arm();
    return taken;
  }

  /** Cuts the connection and drops what was not read. */
  terminate(): void {
    this.inbox.discard();
    if (this.state === "ended") this.#exhausted();
    else {
      this.#finish({ code: CloseCode.ABNORMAL, reason: "", error: null });
      this.transport.terminate();
    }
    this.#shell.wake();
  }

  ping(payload?: Uint8Array): boolean {
    if (this.state !== "open") return false;
    return this.#pings === null ? this.outbox.ping(payload) : this.#pings.send(this.outbox, payload);
  }

  abandon(error: Error): void {
    this.#finish({ code: CloseCode.ABNORMAL, reason: "", error });
    this.transport.terminate();
    this.#shell.wake();
  }

  /** Something has arrived that was not read: messages, or part of one. */
  get unread(): boolean {
    const { reader } = this;
    if (reader.closed || reader.failure !== null) return false;
    return !this.inbox.empty || reader.nextFrame < reader.ring.tail;
  }

  /** What is known of the peer's close frame: 1006 where none was seen. */
  get closure(): WsClosure {
    return this.#peerClose ?? { code: CloseCode.ABNORMAL, reason: "" };
  }

  /** Throws where nothing can be sent any more. */
  checkOpen(): void {
    if (this.state !== "open") throw notOpen("send", this.state);
  }

  /** Gives the reader's memory back; no message is lent out any more. */
  releaseMemory(): void {
    this.reader.release();
  }

  #nextSlow(first: Message | null): Message | null {
    let message = first;
    while (message === null) {
      if (!this.inbox.refill()) {
        this.#exhausted();
        return null;
      }
      message = this.reader.next();
    }
    if (message.kind === "pong") this.#pings?.hear(message);
    else if (message.isControl && !this.#scout.sawLent) this.#answer(message);
    return message;
  }

  /** Everything that came was read: a failure, or the end, can be told now. */
  #exhausted(): void {
    if (this.end !== null) return;
    const { failure } = this.reader;
    if (failure !== null) this.#fail(failure);
    else if (this.#finished && this.#peerClose !== null) {
      // Our half has been ended, or is once the echo is out: `onClose` follows.
      this.end = { ...this.#peerClose, error: null };
    } else if (this.#finished) {
      const error = this.#transportError ?? abnormalClosure(this.reader);
      this.#finish({ code: CloseCode.ABNORMAL, reason: "", error });
      if (!this.transport.closed) this.transport.terminate();
    }
  }

  #answer(message: Message): void {
    if (message.kind === "ping") {
      if (this.state === "open" && this.#settings.autoPong) this.#pongs.answer(message);
      return;
    }
    const { closeCode, closeReason } = message;
    this.#peerClose = { code: closeCode, reason: closeReason };
    if (this.state === "open") this.outbox.close(closeCode === CloseCode.NO_STATUS ? undefined : closeCode, undefined);
    this.#enter("answered");
    this.#closeTimer.arm();
    // The server ends the connection first (RFC 6455 section 7.1.1).
    if (this.#role === "server" || this.#finished) this.#shutdownOnceSent();
  }

  /** Tells the peer why, ends our half, and leaves it the close timeout to end the other. */
  #fail(failure: ProtocolError): void {
    if (this.state === "open") this.outbox.close(failure.closeCode, undefined);
    this.#enter("failed");
    this.end = { code: CloseCode.ABNORMAL, reason: "", error: failure };
    if (this.transport.closed) return;
    this.#shutdownOnceSent();
    this.#closeTimer.arm();
  }

  #shutdownOnceSent(): void {
    this.#shutdownOwed = this.outbox.length > 0;
    if (!this.#shutdownOwed) this.transport.shutdown();
  }

  #finish(end: SessionEnd): void {
    this.end ??= end;
    this.#enter("ended");
    this.#disarm();
    this.outbox.clear();
  }

  #beat(text: string): void {
    if (this.state === "open") this.outbox.text(text);
  }

  #room(): void {
    if (this.state === "open") this.#pongs.settle();
    this.#shell.room();
  }

  #enter(next: SessionState): void {
    if (TRANSITIONS[this.state].includes(next)) this.state = next;
  }

  #disarm(): void {
    this.heartbeat?.stop();
    this.#closeTimer.disarm();
  }

  #onCloseTimeout(): void {
    if (this.state === "closing") this.abandon(closeTimedOut(this.#settings.closeTimeout));
    else this.transport.terminate();
    this.#shell.wake();
  }
}

const ASLEEP: SessionShell = { sink: null, wake() {}, room() {} };
