import { addressOf } from "../ffi/spin-calls.ts";
import { TransportError } from "./errors.ts";
import type { SocketInfo } from "./socket-info.ts";
import { type SpinMemory, scratchMemory } from "./spin-memory.ts";
import type { TlsCodec } from "./spin-tls-codec.ts";
import type { SpinTlsFacts, SpinTransport } from "./spin-transport.ts";

/** A {@link TlsCodec} over a socket: a transport whose peer was verified once {@link handshake} has said so. */
export class SpinTls implements SpinTransport {
  fault: Error | null = null;
  /** False where TLS ends at a proxy: what goes to the target behind it counts as plain. */
  secure = true;
  readonly #socket: SpinTransport;
  readonly #codec: TlsCodec;
  readonly #input: SpinMemory = scratchMemory(READ);
  /** Ciphertext at `[#start, #end)` waits for the kernel. */
  readonly #output: SpinMemory = scratchMemory(WRITE);
  #start = 0;
  #end = 0;
  #ended = false;
  #shut = false;
  #source: Uint8Array | null = null;
  #sourceAddress = 0;
  /** Told the session, once it is there. */
  #keep: ((session: Uint8Array) => void) | null;
  #received = false;
  /** All ciphertext that came was read: until there is more the codec is not asked, which would make a look at the socket, of 0.3 µs, take 0.4. */
  #dry = false;

  constructor(socket: SpinTransport, codec: TlsCodec, keep: ((session: Uint8Array) => void) | null) {
    this.#socket = socket;
    this.#codec = codec;
    this.#keep = keep;
  }

  /** Goes on with the handshake: 1 when it is done, 0 where the peer must speak next, −1 where it has failed or the peer has gone. */
  handshake(): number {
    const before = this.#codec.handshake();
    this.flush();
    if (before !== 0) return before;
    const count = this.#socket.receive(this.#input.address, READ);
    if (count < 0) return -1;
    if (count === 0) return 0;
    this.#codec.readTls(this.#input.address, count);
    const after = this.#codec.handshake();
    this.flush();
    return after;
  }

  receive(address: number, room: number): number {
    if (this.closed || this.#ended) return -1;
    let count = this.#dry ? 0 : this.#codec.plaintext(address, room);
    if (count === 0) {
      this.#dry = true;
      const came = this.#socket.receive(this.#input.address, READ);
      if (came < 0) return this.#finish(this.#socket.fault);
      if (came === 0) return 0;
      this.#codec.readTls(this.#input.address, came);
      count = this.#codec.plaintext(address, room);
      this.#dry = count === 0;
    }
    // A key update, or an alert, is answered at once.
    if (this.#codec.wantsWrite) this.flush();
    if (!this.#received && count > 0) this.#keepSession();
    if (count >= 0) return count;
    if (count === -1) return this.#finish(null);
    const reason = this.#codec.reason();
    return this.#finish(new TransportError("CONNECTION_TLS_FAULT", `Cannot go on: ${reason}`, new Error(reason)));
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    if (this.closed || this.#shut) return -1;
    if (this.owes) this.flush();
    if (this.owes) return this.fault === null ? 0 : -1;
    if (this.#source !== bytes) {
      this.#source = bytes;
      this.#sourceAddress = addressOf(bytes);
    }
    const taken = this.#codec.encrypt(this.#sourceAddress + offset, length < MOST ? length : MOST);
    this.flush();
    return taken < 0 || this.fault !== null ? -1 : taken;
  }

  get owes(): boolean {
    return this.#start < this.#end || (!this.closed && this.#codec.wantsWrite);
  }

  flush(): void {
    const { bytes, address } = this.#output;
    while (!this.closed) {
      if (this.#start === this.#end) {
        this.#start = 0;
        this.#end = this.#codec.writeTls(address, WRITE);
        if (this.#end === 0) return;
      }
      const sent = this.#socket.write(bytes, this.#start, this.#end - this.#start);
      if (sent <= 0) {
        if (sent < 0) this.#drop();
        return;
      }
      this.#start += sent;
    }
  }

  wait(write: boolean, timeout: number): void {
    // What was taken in waits for nobody.
    if (!this.#codec.holds) this.#socket.wait(write || this.owes, timeout);
  }

  shutdown(): void {
    if (this.closed || this.#shut) return;
    this.#shut = true;
    this.#codec.shutdown();
    this.flush();
    this.#socket.shutdown();
  }

  terminate(): void {
    this.#socket.terminate();
    this.#leave();
  }

  close(): void {
    if (!this.closed && !this.#shut) {
      this.#codec.shutdown();
      this.flush();
    }
    this.#socket.close();
    this.#leave();
  }

  get holds(): boolean {
    return !this.closed && this.#codec.holds;
  }

  get receivedAt(): bigint | null {
    return this.#socket.receivedAt;
  }

  get fd(): number {
    return this.#socket.fd;
  }

  get closed(): boolean {
    return this.#socket.closed;
  }

  get tls(): SpinTlsFacts | null {
    if (this.closed || !this.secure) return null;
    const { version, alpnProtocol, sessionReused } = this.#codec;
    return { version, alpnProtocol, sessionReused };
  }

  socketInfo(): SocketInfo | null {
    return this.#socket.socketInfo();
  }

  #finish(fault: Error | null): number {
    this.#ended = true;
    this.fault ??= fault;
    return -1;
  }

  /** The peer takes nothing any more. */
  #drop(): void {
    this.#start = 0;
    this.#end = 0;
    this.fault ??= this.#socket.fault;
  }

  /** Servers send it behind the handshake, ahead of what else they say: there with the first bytes, or at the end, or not at all. */
  #keepSession(): void {
    this.#received = true;
    if (this.#keep === null) return;
    const session = this.#codec.session();
    if (session === null) return;
    this.#keep(session);
    this.#keep = null;
  }

  #leave(): void {
    this.#keepSession();
    this.#start = 0;
    this.#end = 0;
    this.#codec.free();
  }
}

/** Bytes of ciphertext that are received, and sent, at once: some records of 16 KiB. */
const READ = 64 << 10;
const WRITE = 64 << 10;
/** Bytes of plaintext whose records are made at once. */
const MOST = 48 << 10;
