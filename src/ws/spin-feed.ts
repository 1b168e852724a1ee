import { NexusError, UsageError } from "../codec/errors.ts";
import { type Message, ReaderMessage } from "../codec/ws/message.ts";
import type { ProxyOptions } from "../socket/proxy.ts";
import { cutDescriptor } from "../socket/spin-descriptor.ts";
import type { TlsOptions } from "../socket/tls-config.ts";
import { notOpen } from "./errors.ts";
import type { WsClosure } from "./session-state.ts";
import { FEED_KINDS, type FeedEnd, type FeedTask } from "./spin-feed-task.ts";
import type { SpinWsOptions } from "./spin-options.ts";
import { SpinRing } from "./spin-ring.ts";

/** How a {@link SpinFeed} is opened. What the Worker is to know must be data: TLS is told by its options. */
export interface SpinFeedOptions extends Omit<SpinWsOptions, "tls" | "signal" | "proxy" | "latency"> {
  /** For `wss:`: what a `TlsConfig` is made of. Default: the public roots. */
  readonly tls?: TlsOptions;
  /** The proxy to connect through; one with an `https:` URL is verified with the public roots. Default: a direct connection. */
  readonly proxy?: string | Omit<ProxyOptions, "tls">;
  /** The CPU that the Worker is pinned to. Default: none. */
  readonly cpu?: number;
  /** Bytes of the ring between the threads, a power of two. Default 4 MiB. A message may have almost half of it. */
  readonly ringCapacity?: number;
}

/**
 * A {@link SpinWsStream} in a Worker of its own, whose messages come to this thread through shared memory: one wake-up for a batch, and a
 * thread that does not read holds the peer back.
 *
 * ```ts
 * await using feed = await SpinFeed.open("wss://exchange.example/ws", { wait: "spin", cpu: 3 });
 * feed.sendText('{"op":"subscribe"}');
 * for (let msg = await feed.recv(); msg !== null; msg = feed.tryRecv() ?? (await feed.recv())) console.log(msg.text());
 * ```
 */
export class SpinFeed implements AsyncDisposable {
  /** The URL it was opened with, without user name and password. */
  readonly url: string;
  /** The subprotocol the server chose, `""` where it chose none. */
  readonly protocol: string;
  /** The fields of the server's answer, in order and case. */
  readonly responseHeaders: readonly (readonly [name: string, value: string])[];
  readonly #worker: Worker;
  readonly #messages: SpinRing;
  readonly #commands: SpinRing;
  readonly #message: ReaderMessage;
  readonly #gone: Promise<void>;
  #end: FeedEnd | null = null;
  #told = false;
  #workerGone = false;

  private constructor(worker: Worker, messages: SpinRing, commands: SpinRing, opened: Opened) {
    this.#worker = worker;
    this.#messages = messages;
    this.#commands = commands;
    this.#message = new ReaderMessage(messages.bytes);
    this.url = opened.url;
    this.protocol = opened.protocol;
    this.responseHeaders = opened.responseHeaders;
    this.#gone = new Promise((resolve) =>
      worker.addEventListener("close", () => {
        this.#workerGone = true;
        cutDescriptor(messages.mark);
        messages.mark = -1;
        messages.wake();
        resolve();
      }),
    );
  }

  /**
   * Starts the Worker, which connects and opens.
   * @throws what `SpinWsStream.connect` throws, as a NexusError of its code and message; UsageError
   */
  static async open(url: string | URL, options: SpinFeedOptions = {}): Promise<SpinFeed> {
    const { tls = null, cpu = null, ringCapacity = 4 << 20, proxy, ...rest } = options;
    const messages = new SpinRing(SpinRing.allocate(ringCapacity));
    const commands = new SpinRing(SpinRing.allocate(COMMANDS));
    const maxMessageSize = Math.min(messages.most, rest.maxMessageSize ?? messages.most);
    const task: FeedTask = {
      url: String(url),
      options: { ...rest, ...(proxy === undefined ? {} : { proxy: asData(proxy) }), maxMessageSize },
      tls,
      cpu,
      messages: messages.memory,
      commands: commands.memory,
    };
    messages.mark = -1;
    const worker = new Worker(new URL("./spin-feed-worker.ts", import.meta.url).href);
    const { promise, resolve, reject } = Promise.withResolvers<Opened>();
    worker.onmessage = ({ data }: { data: { opened?: Opened; failed?: NonNullable<FeedEnd["failure"]> } }) => {
      if (data.opened !== undefined) resolve(data.opened);
      else if (data.failed !== undefined) reject(errorOf(data.failed));
    };
    worker.onerror = (event) => reject(new NexusError("SPIN_WORKER_FAILED", `Cannot run Worker: ${event.message}`));
    try {
      worker.postMessage(task);
      return new SpinFeed(worker, messages, commands, await promise);
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** The next message that has come, or null. It is borrowed until the next `recv` or `tryRecv`; its bytes lie in shared memory. */
  tryRecv(): Message | null {
    const ring = this.#messages;
    if (this.#end !== null || !ring.take()) return null;
    if (ring.kind === FEED_KINDS.end) {
      const text = new TextDecoder().decode(ring.bytes.slice(ring.start, ring.end));
      this.#end = JSON.parse(text) as FeedEnd;
      return null;
    }
    const message = this.#message;
    message.enter(ring.kind);
    message.start = ring.start;
    message.end = ring.end;
    return message;
  }

  /**
   * The next message; after the peer's close frame one `close` message, then null. Every other end rejects once, with a NexusError of the code
   * and message of what ended the stream, or `SPIN_WORKER_FAILED` where the Worker died; then it is null.
   */
  async recv(): Promise<Message | null> {
    for (;;) {
      const message = this.tryRecv();
      if (message !== null) return message;
      if (this.#end !== null) break;
      if (this.#workerGone) {
        this.#end = { closure: null, failure: { name: "NexusError", code: "SPIN_WORKER_FAILED", message: DIED } };
        break;
      }
      await this.#messages.more();
    }
    const failure = this.#end?.failure ?? null;
    if (this.#told || failure === null) return null;
    this.#told = true;
    throw errorOf(failure);
  }

  /** Has the Worker send a text message; false where too much waits for it already, and this is not sent. Throws `WS_NOT_OPEN` at the end. */
  sendText(text: string): boolean {
    return this.#command(FEED_KINDS.text, new TextEncoder().encode(text));
  }

  /** Has the Worker send a binary message, which is copied. */
  sendBinary(bytes: Uint8Array): boolean {
    return this.#command(FEED_KINDS.binary, bytes);
  }

  /** Has the Worker begin the closing handshake: read on until null. */
  close(code?: number, reason = ""): boolean {
    if (code === undefined) return this.#command(FEED_KINDS.close, new Uint8Array(0));
    const text = new TextEncoder().encode(reason);
    return this.#command(FEED_KINDS.close, new Uint8Array([code >> 8, code & 0xff, ...text]));
  }

  /** How it was closed, once all was read; null before, and where the Worker died. */
  get closed(): WsClosure | null {
    return this.#end?.closure ?? null;
  }

  /** Ends the Worker and cuts the connection; resolves when both are gone. */
  async terminate(): Promise<void> {
    this.#worker.terminate();
    await this.#gone;
  }

  /** Closes with 1000, drops what still comes, and ends the Worker. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end === null && !this.#workerGone) this.close(1000);
    try {
      while ((await this.recv()) !== null);
    } catch {
      // How it ended is of no interest any more.
    }
    await this.terminate();
  }

  #command(kind: number, bytes: Uint8Array): boolean {
    if (this.#end !== null || this.#workerGone) throw notOpen("send", "ended");
    if (bytes.length > this.#commands.most) {
      const most = this.#commands.most;
      throw new UsageError("WRITE_TOO_LARGE", `Cannot send: ${bytes.length} bytes where ${most} are the most`);
    }
    const taken = this.#commands.push(kind, bytes, 0, bytes.length);
    this.#commands.flush();
    return taken;
  }
}

interface Opened {
  readonly url: string;
  readonly protocol: string;
  readonly responseHeaders: readonly (readonly [name: string, value: string])[];
}

function errorOf({ code, message }: NonNullable<FeedEnd["failure"]>): NexusError {
  return new NexusError(code, message);
}

/** A URL object cannot be sent to a Worker. */
function asData(proxy: NonNullable<SpinFeedOptions["proxy"]>): string | ProxyOptions {
  return typeof proxy === "string" ? proxy : { ...proxy, url: String(proxy.url) };
}

const DIED = "Cannot read: the Worker of the feed has ended";
/** Bytes of the ring for what is to be sent. */
const COMMANDS = 256 << 10;
