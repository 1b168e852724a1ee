import type { Socket } from "bun";
import { FrameReader, FrameWriter, type OwnedMessage, WriteBuffer } from "../../../src/codec/mod.ts";

/** A client that shows what is on the wire: the size of each chunk, each message, and how the connection ended. */
export class RawClient implements Disposable {
  /** The answer to the upgrade, without its body; empty until it came. */
  head = "";
  /** What followed a head other than 101. */
  body = "";
  readonly chunks: number[] = [];
  readonly messages: OwnedMessage[] = [];
  /** `end` for FIN, `close` or the error's code for the end of the socket, in order. */
  readonly ends: string[] = [];
  readonly #socket: Socket<undefined>;
  readonly #reader = new FrameReader({ role: "client" });
  readonly #writer = new FrameWriter({ role: "client", maskKeys: { next: () => 0x01020304 } });
  #wake: () => void = () => {};

  private constructor(socket: Socket<undefined>) {
    this.#socket = socket;
  }

  /** Connects to `url` (`ws:` only) and asks for the upgrade. */
  static async connect(url: string): Promise<RawClient> {
    const { hostname, port, pathname, search, host } = new URL(url);
    let client: RawClient | null = null;
    const socket = await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        data: (_, chunk) => client?.onBytes(chunk),
        end: () => client?.onEnd("end"),
        close: (_, error) => client?.onEnd(error instanceof Error && "code" in error ? String(error.code) : "close"),
        error: () => {},
      },
    });
    client = new RawClient(socket);
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n",
    );
    return client;
  }

  /** The text messages so far, parsed. */
  get events(): Record<string, unknown>[] {
    return this.messages.flatMap((each) => (each.kind === "text" ? [JSON.parse(each.text)] : []));
  }

  /** Waits until `condition` holds after some arrival; throws after three seconds. */
  async until(condition: () => boolean): Promise<void> {
    const giveUp = Bun.sleep(3_000).then(() => "late");
    while (!condition()) {
      const arrival = new Promise<string>((resolve) => {
        this.#wake = () => resolve("arrived");
      });
      if ((await Promise.race([arrival, giveUp])) === "late") {
        throw new Error(`Gave up on ${condition}: ${this.messages.length} messages, ends [${this.ends}], ${this.head}`);
      }
    }
  }

  sendText(text: string): void {
    this.#send((out) => this.#writer.text(out, text));
  }

  sendPing(payload: string): void {
    this.#send((out) => this.#writer.ping(out, Buffer.from(payload)));
  }

  sendPong(payload: string): void {
    this.#send((out) => this.#writer.pong(out, Buffer.from(payload)));
  }

  sendClose(code: number): void {
    this.#send((out) => this.#writer.close(out, code));
  }

  sendRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  onBytes(chunk: Buffer): void {
    this.chunks.push(chunk.length);
    let frames = chunk;
    if (!this.head.endsWith("\r\n\r\n")) {
      const text = this.head + chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const before = this.head.length;
      this.head = end < 0 ? text : text.slice(0, end + 4);
      frames = chunk.subarray(this.head.length - before);
    }
    if (!this.head.startsWith("HTTP/1.1 101")) this.body += frames.toString();
    else this.#readFrames(frames);
    this.#wake();
  }

  onEnd(how: string): void {
    this.ends.push(how);
    this.#wake();
  }

  #readFrames(bytes: Uint8Array): void {
    for (let taken = 0; taken < bytes.length; ) {
      taken += this.#reader.read(bytes, taken);
      for (let msg = this.#reader.next(); msg !== null; msg = this.#reader.next()) this.messages.push(msg.toOwned());
    }
    if (this.#reader.failure !== null) throw this.#reader.failure;
  }

  #send(write: (out: WriteBuffer) => void): void {
    const out = new WriteBuffer(1_024);
    write(out);
    this.#socket.write(out.bytes, out.head, out.length);
  }
}
