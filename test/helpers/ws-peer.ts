import type { ProtocolError } from "../../src/codec/errors.ts";
import { WriteBuffer } from "../../src/codec/write-buffer.ts";
import { FrameReader } from "../../src/codec/ws/frame-reader.ts";
import { FrameWriter } from "../../src/codec/ws/frame-writer.ts";
import type { OwnedMessage } from "../../src/codec/ws/message.ts";
import type { Role } from "../../src/codec/ws/opcode.ts";
import type { Transport, TransportHandler } from "../../src/socket/transport.ts";
import { utf8 } from "./bytes.ts";

/** What a peer answers to an upgrade request: bytes or text as they are, `"open"` for the right 101, null for nothing. */
export type Answer = (request: PeerRequest) => Uint8Array | string | null;

export interface PeerOptions {
  /** Default: open. */
  readonly answer?: Answer;
  /** Default: the close frame is echoed and then our half ended, as a good server does. */
  readonly answersClose?: boolean;
  /** Called for each message as it arrives, after it was noted in `received`. */
  readonly onMessage?: (peer: WsPeer, message: OwnedMessage) => void;
}

/** An upgrade request, taken apart without the library. */
export interface PeerRequest {
  readonly line: string;
  /** In order and case. */
  readonly fields: readonly (readonly [string, string])[];
  readonly text: string;
  field(name: string): string | null;
}

/**
 * The server's end of a WebSocket under a test's control: it sends what it is told, right or wrong, and writes down what comes.
 * Frames are read and written with the library's codec in the server's role, so that each test of a client tests that role, too.
 */
export class WsPeer implements TransportHandler {
  readonly transport: Transport;
  request: PeerRequest | null = null;
  readonly received: OwnedMessage[] = [];
  /** What the client broke, if anything. */
  failure: ProtocolError | null = null;
  /** The client's FIN was seen. */
  sawEnd = false;
  /** The connection is gone; `closeError` says why. */
  gone = false;
  closeError: Error | null = null;
  /** Bytes that came, the upgrade request included. */
  bytesReceived = 0;
  /** Bytes that the transport took. */
  bytesSent = 0;
  readonly #options: PeerOptions;
  readonly #reader: FrameReader = new FrameReader({ role: "server", debug: false });
  readonly #writer: FrameWriter = new FrameWriter({ role: "server" });
  readonly #frame: WriteBuffer = new WriteBuffer(1 << 16);
  readonly #outgoing: Uint8Array[] = [];
  #head = "";
  #offset = 0;
  #blocked = false;
  #finOwed = false;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(transport: Transport, options: PeerOptions = {}) {
    this.transport = transport;
    this.#options = options;
    transport.attach(this);
  }

  onBytes(chunk: Uint8Array): void {
    this.bytesReceived += chunk.length;
    if (this.request === null) this.#readHead(chunk);
    else this.#readFrames(chunk);
    this.#change();
  }

  onDrain(): void {
    this.#blocked = false;
    this.#flush();
    this.#change();
  }

  onEnd(): void {
    this.sawEnd = true;
    if (this.#closed && this.#options.answersClose !== false) this.end();
    this.#change();
  }

  onClose(error: Error | null): void {
    this.gone = true;
    this.closeError = error;
    this.#dropWaiting();
    this.#change();
  }

  /** Bytes as they are. */
  send(bytes: Uint8Array | string): this {
    this.#outgoing.push(typeof bytes === "string" ? utf8(bytes) : bytes);
    this.#flush();
    return this;
  }

  text(text: string): this {
    return this.#sendFrame((out) => this.#writer.text(out, text));
  }

  binary(bytes: Uint8Array): this {
    return this.#sendFrame((out) => this.#writer.binary(out, bytes));
  }

  ping(text = ""): this {
    return this.#sendFrame((out) => this.#writer.ping(out, utf8(text)));
  }

  pong(text = ""): this {
    return this.#sendFrame((out) => this.#writer.pong(out, utf8(text)));
  }

  close(code?: number, reason?: string): this {
    return this.#sendFrame((out) => this.#writer.close(out, code, reason));
  }

  /** FIN, once what was sent before is out. */
  end(): this {
    this.#finOwed = true;
    this.#flush();
    return this;
  }

  /** RST. */
  reset(): this {
    this.transport.terminate();
    return this;
  }

  /** Stops reading: what the client sends piles up. */
  stall(): this {
    this.transport.pause();
    return this;
  }

  proceed(): this {
    this.transport.resume();
    return this;
  }

  /** Bytes that wait because the client does not read. */
  get waiting(): number {
    return this.#outgoing.reduce((sum, part) => sum + part.length, 0) - this.#offset;
  }

  /** What came, as lines: `text hello`, `ping 0102`, `close 1000 bye`. */
  get lines(): string[] {
    return this.received.map(lineOf);
  }

  /** Waits until `condition` holds. A test that waits in vain fails by its timeout. */
  async until(condition: (peer: WsPeer) => boolean): Promise<void> {
    while (!condition(this)) await this.#changed.promise;
  }

  /** Waits for `count` messages in all and returns their lines. */
  async messages(count: number): Promise<string[]> {
    await this.until((peer) => peer.received.length >= count || peer.gone);
    return this.lines;
  }

  get #closed(): boolean {
    return this.received.some(({ kind }) => kind === "close");
  }

  #sendFrame(write: (out: WriteBuffer) => void): this {
    write(this.#frame);
    const bytes = this.#frame.bytes.slice(this.#frame.head, this.#frame.tail);
    this.#frame.clear();
    return this.send(bytes);
  }

  #flush(): void {
    while (!this.#blocked) {
      const part = this.#outgoing[0];
      if (part === undefined) break;
      const taken = this.transport.write(part, this.#offset, part.length - this.#offset);
      if (taken < 0) {
        this.#dropWaiting();
        break;
      }
      this.bytesSent += taken;
      this.#offset += taken;
      this.#blocked = this.#offset < part.length;
      if (this.#blocked) return;
      this.#offset = 0;
      this.#outgoing.shift();
    }
    if (!this.#finOwed || this.#outgoing.length > 0) return;
    this.#finOwed = false;
    this.transport.shutdown();
  }

  #readHead(chunk: Uint8Array): void {
    this.#head += Buffer.from(chunk).toString("latin1");
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const rest = Buffer.from(this.#head.slice(end + 4), "latin1");
    this.request = parseRequest(this.#head.slice(0, end));
    const answer = (this.#options.answer ?? acceptance)(this.request);
    if (answer !== null) this.send(answer);
    if (rest.length > 0) this.#readFrames(rest);
  }

  #readFrames(chunk: Uint8Array): void {
    for (let taken = 0; taken < chunk.length; ) {
      taken += this.#reader.read(chunk, taken);
      for (let message = this.#reader.next(); message !== null; message = this.#reader.next()) {
        this.#take(message.toOwned());
      }
    }
    this.failure ??= this.#reader.failure;
  }

  #take(message: OwnedMessage): void {
    this.received.push(message);
    this.#options.onMessage?.(this, message);
    if (message.kind !== "close" || this.#options.answersClose === false) return;
    this.close(message.code === 1005 ? undefined : message.code).end();
  }

  /** Nobody takes it any more. */
  #dropWaiting(): void {
    this.#outgoing.length = 0;
    this.#offset = 0;
    this.#blocked = false;
  }

  #change(): void {
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }
}

/** The 101 that opens, with further fields, each ended by CRLF. */
export function acceptance(request: PeerRequest, extra = ""): string {
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(request)}\r\n${extra}\r\n`;
}

/** RFC 6455 section 4.2.2, step 5.4. */
export function acceptOf(request: PeerRequest): string {
  const key = request.field("Sec-WebSocket-Key") ?? "";
  return new Bun.CryptoHasher("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

export function lineOf(message: OwnedMessage): string {
  switch (message.kind) {
    case "text":
      return `text ${message.text}`;
    case "close":
      return `close ${message.code} ${message.reason}`.trimEnd();
    default:
      return `${message.kind} ${Buffer.from(message.bytes).toString("hex")}`.trimEnd();
  }
}

function parseRequest(text: string): PeerRequest {
  const [line = "", ...rows] = text.split("\r\n");
  const fields = rows.map((row) => {
    const colon = row.indexOf(": ");
    return [row.slice(0, colon), row.slice(colon + 2)] as const;
  });
  return {
    line,
    fields,
    text,
    field: (name) => fields.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? null,
  };
}

/** The messages in `bytes`, which must be whole frames of that end and nothing else. */
export function messagesIn(bytes: Uint8Array, from: Role): OwnedMessage[] {
  const role = from === "client" ? "server" : "client";
  const reader = new FrameReader({
    role,
    bufferCapacity: Math.max(256, bytes.length),
    maxMessageSize: 1 << 30,
    debug: false,
  });
  reader.read(bytes);
  const messages: OwnedMessage[] = [];
  for (let message = reader.next(); message !== null; message = reader.next()) messages.push(message.toOwned());
  if (reader.failure !== null) throw reader.failure;
  if (reader.unread > 0) throw new Error(`${reader.unread} bytes of a frame that is not whole`);
  return messages;
}
