import type { Transport, TransportHandler } from "../../src/socket/transport.ts";
import { acceptKey } from "../../src/ws/accept-key.ts";
import { joined } from "../helpers/bytes.ts";
import { until } from "../helpers/wait.ts";
import { lineOf, messagesIn } from "../helpers/ws-peer.ts";

/** RFC 6455 section 1.3: its key. */
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** A client's end under a test's control: it sends bytes as they are, and takes the server's apart without the library's client. */
export class RawClient implements TransportHandler {
  readonly transport: Transport;
  readonly chunks: Uint8Array[] = [];
  ended = false;
  gone = false;
  error: Error | null = null;
  /** What the transport has not taken yet. */
  readonly #waiting: Uint8Array[] = [];

  constructor(transport: Transport) {
    this.transport = transport;
    transport.attach(this);
  }

  onBytes(chunk: Uint8Array): void {
    this.chunks.push(chunk.slice());
  }

  onDrain(): void {
    for (let part = this.#waiting[0]; part !== undefined; part = this.#waiting[0]) {
      const taken = this.transport.write(part, 0, part.length);
      if (taken < 0) this.#waiting.length = 0;
      else if (taken < part.length) {
        this.#waiting[0] = part.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
  }

  onEnd(): void {
    this.ended = true;
  }

  onClose(error: Error | null): void {
    this.gone = true;
    this.error = error;
  }

  /** Latin-1 text, or bytes. */
  send(bytes: string | Uint8Array): this {
    this.#waiting.push(typeof bytes === "string" ? new Uint8Array(Buffer.from(bytes, "latin1")) : bytes);
    this.onDrain();
    return this;
  }

  get text(): string {
    return Buffer.from(joined(this.chunks)).toString("latin1");
  }

  /** The answer's head, split into lines, without the blank one; null while it is not whole. */
  get head(): string[] | null {
    const end = this.text.indexOf("\r\n\r\n");
    return end < 0 ? null : this.text.slice(0, end).split("\r\n");
  }

  get status(): number {
    return Number(this.head?.[0]?.split(" ")[1] ?? 0);
  }

  field(name: string): string | null {
    const line = this.head?.find((field) => field.toLowerCase().startsWith(`${name.toLowerCase()}: `));
    return line?.slice(name.length + 2) ?? null;
  }

  get body(): string {
    return this.text.slice(this.text.indexOf("\r\n\r\n") + 4);
  }

  /** What the server has sent behind its answer, as lines; a masked frame makes it throw. */
  get lines(): string[] {
    const bytes = joined(this.chunks);
    const end = Buffer.from(bytes).indexOf("\r\n\r\n");
    return end < 0 ? [] : messagesIn(bytes.subarray(end + 4), "server").map(lineOf);
  }

  async answered(): Promise<number> {
    await until(() => this.head !== null || this.gone);
    return this.status;
  }

  get accepted(): boolean {
    return this.status === 101 && this.field("Sec-WebSocket-Accept") === acceptKey(KEY);
  }
}
