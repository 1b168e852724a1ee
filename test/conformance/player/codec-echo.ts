import { WriteBuffer } from "../../../src/codec/write-buffer.ts";
import type { DeflateWay } from "../../../src/codec/ws/deflate-engine.ts";
import { FrameReader } from "../../../src/codec/ws/frame-reader.ts";
import { FrameWriter } from "../../../src/codec/ws/frame-writer.ts";
import type { Message } from "../../../src/codec/ws/message.ts";
import type { Role } from "../../../src/codec/ws/opcode.ts";
import type { Transport, TransportHandler } from "../../../src/socket/transport.ts";
import { inflateStream } from "../../../src/ws/deflate-zlib.ts";
import type { DeflateAgreement } from "../vectors/vector.ts";
import { errorLine, lineOf } from "./lines.ts";

/** The least that makes an end of the codec: what is read is answered, and nothing is read behind a close frame or a failure. */
export class CodecEcho implements TransportHandler {
  readonly ended: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #transport: Transport;
  readonly #role: Role;
  readonly #trace: string[];
  readonly #reader: FrameReader;
  readonly #writer: FrameWriter;
  readonly #out: WriteBuffer = new WriteBuffer(4096);
  #over = false;
  #finOwed = false;

  constructor(
    transport: Transport,
    role: Role,
    trace: string[],
    deflate: DeflateAgreement | null,
    bufferCapacity: number = 256 << 10,
  ) {
    this.#transport = transport;
    this.#role = role;
    this.#trace = trace;
    this.#reader = new FrameReader({ role, bufferCapacity, inflate: deflate && inflateWay(role, deflate) });
    let key = 0x9e3779b9;
    const maskKeys = { next: () => (key = Math.imul(key, 0x19660d) + 0x3c6ef35f) };
    this.#writer = new FrameWriter({ role, maskKeys });
    transport.attach(this);
  }

  onBytes(chunk: Uint8Array): void {
    const reader = this.#reader;
    for (let taken = 0; taken < chunk.length; ) {
      taken += reader.read(chunk, taken);
      for (let message = reader.next(); message !== null; message = reader.next()) this.#answer(message);
      if (reader.failure !== null) this.#fail();
    }
    this.#flush();
  }

  onDrain(): void {
    this.#flush();
  }

  onEnd(): void {
    this.#finOwed = true;
    this.#flush();
  }

  onClose(error: Error | null): void {
    this.#reader.release();
    if (error !== null) this.#trace.push(errorLine(error));
    this.ended.resolve();
  }

  #answer(message: Message): void {
    const out = this.#out;
    this.#trace.push(lineOf(message));
    if (message.kind === "text") this.#writer.text(out, message.text());
    else if (message.kind === "binary") this.#writer.binary(out, message.bytes());
    else if (message.kind === "ping") this.#writer.pong(out, message.bytes());
    else if (message.kind === "close") {
      this.#writer.close(out, message.closeCode === 1005 ? undefined : message.closeCode);
      this.#finOwed = this.#role === "server";
    }
  }

  #fail(): void {
    const { failure } = this.#reader;
    if (failure === null || this.#over) return;
    this.#over = true;
    this.#trace.push(errorLine(failure));
    this.#writer.close(this.#out, failure.closeCode);
    this.#finOwed = true;
  }

  #flush(): void {
    const out = this.#out;
    while (out.length > 0) {
      const taken = this.#transport.write(out.bytes, out.head, out.length);
      if (taken <= 0) return;
      out.consume(taken);
    }
    if (this.#finOwed) this.#transport.shutdown();
  }
}

/** How the other end compresses. What is echoed goes out as it is, which is always allowed (RFC 7692 section 6). */
function inflateWay(role: Role, agreement: DeflateAgreement): DeflateWay {
  const [windowBits, reset] =
    role === "client"
      ? [agreement.serverMaxWindowBits, agreement.serverNoContextTakeover]
      : [agreement.clientMaxWindowBits, agreement.clientNoContextTakeover];
  return { windowBits, contextTakeover: !reset, open: inflateStream };
}
