import type { Role } from "../../../src/codec/ws/opcode.ts";
import type { Transport } from "../../../src/socket/transport.ts";
import { RawPeer } from "../../helpers/raw-peer.ts";
import type { DeflateAgreement } from "../vectors/vector.ts";
import { extensionFault, extensionField, PeerDeflate } from "./peer-deflate.ts";
import { WireReader } from "./wire.ts";

/** How the conversation is opened: frames from the first byte, or the opening handshake of RFC 6455 section 4 before them. */
export type Opening = "frames" | "handshake";

/** The scripted end. It writes down what the program under test sends. */
export class ConformancePeer extends RawPeer {
  readonly trace: string[] = [];
  /** How its half of the connection ended, for the end of the trace. */
  readonly ending: string[] = [];
  readonly #program: Role;
  readonly #deflate: DeflateAgreement | null;
  readonly #reader: WireReader;
  /** The other end's opening handshake as far as it came; null once it is over. */
  #head: string | null;
  /** All was sent: the connection may end. */
  #over = false;

  /** `program` is the role of the end that is tested, `deflate` what is agreed on, if anything. */
  constructor(transport: Transport, program: Role, opening: Opening, deflate: DeflateAgreement | null) {
    super(transport);
    this.#program = program;
    const inflater = deflate && new PeerDeflate(program === "client" ? "server" : "client", deflate);
    this.#reader = new WireReader(program === "client", inflater, (said) => this.trace.push(said));
    this.#head = opening === "frames" ? null : "";
    this.#deflate = deflate;
    transport.attach(this);
    if (opening === "handshake" && program === "server") this.send(request(this.#extensions));
  }

  get opened(): boolean {
    return this.#head === null;
  }

  /** Lets the connection end: a server's end ends it behind the close frames, a client's once the server has (section 7.1.1). */
  finish(): void {
    this.#over = true;
    this.#endInTurn();
  }

  protected override take(chunk: Uint8Array): void {
    if (this.#head === null) this.#reader.read(chunk);
    else this.#readHead(chunk);
    this.#endInTurn();
  }

  protected override answerEnd(): void {
    if (this.#reader.unread > 0) this.ending.push(`sent ${this.#reader.unread} bytes of a frame that is not whole`);
    this.ending.push("sent end");
    this.#endInTurn();
  }

  override onClose(error: Error | null): void {
    if (error !== null) this.ending.push("sent reset");
    // A socket whose own half has ended does not tell the other's end first.
    else if (!this.sawEnd) this.ending.push("sent end");
    super.onClose(error);
  }

  /** Its field of the handshake. */
  get #extensions(): string {
    if (this.#deflate === null) return "";
    return `Sec-WebSocket-Extensions: ${extensionField(this.#program, this.#deflate)}\r\n`;
  }

  #endInTurn(): void {
    if (!this.#over) return;
    const closed = this.trace.some((said) => said.startsWith("sent close"));
    if (this.sawEnd || (closed && this.#program === "client")) this.end();
  }

  #readHead(chunk: Uint8Array): void {
    const head = (this.#head ?? "") + Buffer.from(chunk).toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    this.#head = end < 0 ? head : null;
    if (end < 0) return;
    if (this.#program === "client") this.send(answer(head, this.#extensions));
    else if (!head.startsWith("HTTP/1.1 101 ")) this.trace.push(`sent ${head.slice(0, head.indexOf("\r\n"))}`);
    const field = /^sec-websocket-extensions: *(.*?) *\r$/im.exec(head)?.[1] ?? "";
    const fault = this.#deflate === null ? field : extensionFault(this.#program, field, this.#deflate);
    if (fault) this.trace.push(`sent ${fault}`);
    const rest = Buffer.from(head.slice(end + 4), "latin1");
    if (rest.length > 0) this.#reader.read(rest);
  }
}

function request(extensions: string): string {
  return `GET /conformance HTTP/1.1\r\nHost: conformance.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${extensions}\r\n`;
}

function answer(head: string, extensions: string): string {
  const key = /^sec-websocket-key: *(.*?) *\r$/im.exec(head)?.[1] ?? "";
  const accept = new Bun.CryptoHasher("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${extensions}\r\n`;
}
