/** The Worker of a {@link SpinFeed}: a spin stream whose messages go into a ring, and what it is to send comes out of another. */
import { NexusError } from "../codec/errors.ts";
import { ReaderMessage } from "../codec/ws/message.ts";
import { Opcode } from "../codec/ws/opcode.ts";
import { forgetDescriptor } from "../socket/spin-descriptor.ts";
import { pinThread } from "../socket/spin-thread.ts";
import { TlsConfig } from "../socket/tls-config.ts";
import { FEED_KINDS, type FeedEnd, type FeedTask } from "./spin-feed-task.ts";
import { SpinRing } from "./spin-ring.ts";
import type { SpinSession } from "./spin-session.ts";
import { SpinWsStream, sessionOf } from "./spin-stream.ts";

declare const self: {
  onmessage: ((event: { readonly data: FeedTask }) => void) | null;
  postMessage(message: unknown): void;
};

self.onmessage = ({ data }) => {
  self.onmessage = null;
  run(data).catch((error: unknown) => self.postMessage({ failed: failureOf(error) }));
};

async function run({ url, options, tls, cpu, messages, commands }: FeedTask): Promise<void> {
  if (cpu !== null) pinThread(cpu);
  const ws = await SpinWsStream.connect(url, tls === null ? options : { ...options, tls: new TlsConfig(tls) });
  const feed = new Feed(ws, new SpinRing(messages), new SpinRing(commands), options.wait === "spin");
  self.postMessage({ opened: { url: ws.url, protocol: ws.protocol, responseHeaders: ws.responseHeaders } });
  feed.run();
}

class Feed {
  readonly #ws: SpinWsStream;
  readonly #session: SpinSession;
  readonly #messages: SpinRing;
  readonly #commands: SpinRing;
  /** Milliseconds that are waited for messages before a look at what is to be sent. */
  readonly #slice: number;

  constructor(ws: SpinWsStream, messages: SpinRing, commands: SpinRing, spins: boolean) {
    this.#ws = ws;
    this.#session = sessionOf(ws);
    this.#messages = messages;
    this.#commands = commands;
    this.#slice = spins ? 0.02 : 2;
    messages.mark = ws.fd;
    // From here on the other thread cuts it where this one dies. To be closed by both could close what has its number by then.
    forgetDescriptor(ws.fd);
  }

  run(): void {
    let end: FeedEnd;
    try {
      this.#forward();
      end = { closure: this.#ws.closed, failure: null };
    } catch (error) {
      end = { closure: this.#ws.closed, failure: failureOf(error) };
    }
    // Told before it is closed: a number that another may have by now is never closed for it.
    this.#messages.mark = -1;
    this.#ws.terminate();
    const bytes = new TextEncoder().encode(JSON.stringify(end));
    this.#push(FEED_KINDS.end, bytes, 0, bytes.length);
    this.#messages.flush();
  }

  #forward(): void {
    const ws = this.#ws;
    let batch = 0;
    for (;;) {
      const message = ws.tryRecv() ?? this.#wait();
      if (message !== null) {
        this.#push(FEED_KINDS[message.kind], message.buffer, message.start, message.end);
        if (++batch < BATCH) continue;
      } else if (this.#session.hasError) throw this.#session.takeError();
      else if (this.#session.over) return;
      batch = 0;
      this.#messages.flush();
      this.#obey();
    }
  }

  #wait(): ReturnType<SpinWsStream["tryRecv"]> {
    this.#messages.flush();
    this.#obey();
    return this.#session.wait(performance.now() + this.#slice);
  }

  /** Back-pressure: while the other thread does not read, neither does this one, and the peer's sends block. */
  #push(kind: number, bytes: Uint8Array, start: number, end: number): void {
    while (!this.#messages.push(kind, bytes, start, end)) {
      this.#messages.flush();
      this.#obey();
      this.#messages.awaitRoom(LONGEST_SLEEP);
    }
  }

  /** Sends what is to be sent. */
  #obey(): void {
    const commands = this.#commands;
    while (commands.take()) {
      const { kind, bytes, start, end } = commands;
      if (this.#ws.state !== "open") continue;
      if (kind === FEED_KINDS.binary) this.#ws.sendBinary(bytes.subarray(start, end));
      else if (kind === FEED_KINDS.close) this.#close(bytes, start, end);
      else this.#ws.sendText(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8"));
    }
  }

  #close(bytes: Uint8Array, start: number, end: number): void {
    const message = new ReaderMessage(bytes);
    message.enter(Opcode.CLOSE);
    message.start = start;
    message.end = end;
    if (end === start) this.#ws.close();
    else this.#ws.close(message.closeCode, message.closeReason);
  }
}

function failureOf(error: unknown): NonNullable<FeedEnd["failure"]> {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, message, code: error instanceof NexusError ? error.code : "SPIN_WORKER_FAILED" };
}

/** Messages after which the other thread is told though more are there. */
const BATCH = 256;
/** Milliseconds. */
const LONGEST_SLEEP = 20;
