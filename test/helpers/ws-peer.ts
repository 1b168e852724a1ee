import type { ProtocolError } from "../../src/codec/errors.ts";
import { WriteBuffer } from "../../src/codec/write-buffer.ts";
import { FrameReader } from "../../src/codec/ws/frame-reader.ts";
import { FrameWriter } from "../../src/codec/ws/frame-writer.ts";
import type { OwnedMessage } from "../../src/codec/ws/message.ts";
import type { Role } from "../../src/codec/ws/opcode.ts";
import type { Transport } from "../../src/socket/transport.ts";
import { utf8 } from "./bytes.ts";
import { RawPeer } from "./raw-peer.ts";

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
export class WsPeer extends RawPeer {
  request: PeerRequest | null = null;
  readonly received: OwnedMessage[] = [];
  /** What the client broke, if anything. */
  failure: ProtocolError | null = null;
  readonly #options: PeerOptions;
  readonly #reader: FrameReader = new FrameReader({ role: "server", debug: false });
  readonly #writer: FrameWriter = new FrameWriter({ role: "server" });
  readonly #frame: WriteBuffer = new WriteBuffer(1 << 16);
  #head = "";

  constructor(transport: Transport, options: PeerOptions = {}) {
    super(transport);
    this.#options = options;
    transport.attach(this);
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

  /** What came, as lines: `text hello`, `ping 0102`, `close 1000 bye`. */
  get lines(): string[] {
    return this.received.map(lineOf);
  }

  /** Waits for `count` messages in all and returns their lines. */
  async messages(count: number): Promise<string[]> {
    await this.until((peer) => peer.received.length >= count || peer.gone);
    return this.lines;
  }

  protected override take(chunk: Uint8Array): void {
    if (this.request === null) this.#readHead(chunk);
    else this.#readFrames(chunk);
  }

  protected override answerEnd(): void {
    if (this.#closed && this.#options.answersClose !== false) this.end();
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
        this.#receive(message.toOwned());
      }
    }
    this.failure ??= this.#reader.failure;
  }

  #receive(message: OwnedMessage): void {
    this.received.push(message);
    this.#options.onMessage?.(this, message);
    if (message.kind !== "close" || this.#options.answersClose === false) return;
    this.close(message.code === 1005 ? undefined : message.code).end();
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
