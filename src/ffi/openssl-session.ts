import { type Pointer, ptr, toArrayBuffer } from "bun:ffi";
import { type OpenSsl, zeroTerminated } from "./openssl.ts";

/**
 * One TLS connection of a client over memory BIOs: ciphertext in and out, plaintext out and in, no socket. Nothing allocates on the heap
 * of JavaScript once the handshake is over. {@link free} gives its memory back; nothing may be called after it.
 */
export class SslSession {
  readonly #library: OpenSsl;
  readonly #ssl: OpenSsl["ssl"];
  readonly #crypto: OpenSsl["crypto"];
  #session: Pointer;
  /** Ciphertext from the peer, and to it. */
  readonly #input: Pointer;
  readonly #output: Pointer;
  /** `BUF_MEM`, from which the input BIO reads: length, address, capacity and flags, 64 bits each. */
  readonly #place: Uint32Array = new Uint32Array(new ArrayBuffer(32));
  readonly #placeAddress: Pointer = ptr(this.#place);
  /** Where what was lent ends. */
  #lentEnd = 0;
  /** What was not read when more was lent, and that: one array, which is held because it is read from. */
  readonly #kept: Uint8Array[] = [];

  /** `name` is sent and verified; `isAddress` says that it is an IP address, which is verified alone. Throws an Error with the library's reason. */
  constructor(library: OpenSsl, context: number, name: string, isAddress: boolean) {
    const { ssl, crypto } = library;
    this.#library = library;
    this.#ssl = ssl;
    this.#crypto = crypto;
    const session = ssl.SSL_new(context as Pointer) as Pointer | null;
    const input = crypto.BIO_new(crypto.BIO_s_mem()) as Pointer | null;
    const output = crypto.BIO_new(crypto.BIO_s_mem()) as Pointer | null;
    if (session === null || input === null || output === null) throw new Error(library.reason());
    this.#session = session;
    this.#input = input;
    this.#output = output;
    // The session frees them with itself.
    ssl.SSL_set_bio(session, input, output);
    ssl.SSL_set_connect_state(session);
    ssl.SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const text = zeroTerminated(name);
    const named = isAddress
      ? crypto.X509_VERIFY_PARAM_set1_ip_asc(ssl.SSL_get0_param(session), text)
      : Math.min(ssl.SSL_set1_host(session, text), ssl.SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, text));
    if (named === 1) return;
    const reason = library.reason();
    this.free();
    throw new Error(reason || `${name} cannot be verified`);
  }

  /** Goes on with the handshake: 1 when it is done, 0 where the peer must speak next, −1 where it has failed. */
  handshake(): number {
    return this.#outcome(this.#ssl.SSL_do_handshake(this.#session));
  }

  /**
   * Lends ciphertext, which is read where it lies: it must stay as it is until {@link handshake} or {@link plaintext} has returned 0. What was
   * lent before and not read is kept.
   */
  readTls(address: number, length: number): void {
    const unread = this.#crypto.BIO_ctrl_pending(this.#input);
    if (unread === 0) this.#lend(address, length);
    else this.#keep(unread, address, length);
  }

  /** Plaintext out: how many bytes, 0 where more ciphertext must come, −1 after close_notify, −2 at a fault. */
  plaintext(address: number, room: number): number {
    const count = this.#ssl.SSL_read(this.#session, address as Pointer, room);
    if (count > 0) return count;
    const outcome = this.#ssl.SSL_get_error(this.#session, count);
    if (outcome === SSL_ERROR_WANT_READ || outcome === SSL_ERROR_WANT_WRITE) return 0;
    return outcome === SSL_ERROR_ZERO_RETURN ? -1 : -2;
  }

  /** Plaintext in: how many bytes were taken, 0 where the peer must speak first, −1 at a fault. */
  encrypt(address: number, length: number): number {
    const count = this.#ssl.SSL_write(this.#session, address as Pointer, length);
    return count > 0 ? count : Math.min(0, this.#outcome(count));
  }

  /** There is ciphertext for the peer. */
  get wantsWrite(): boolean {
    return this.#crypto.BIO_ctrl_pending(this.#output) > 0;
  }

  /** Ciphertext out: how many bytes, 0 where there is none. */
  writeTls(address: number, room: number): number {
    return Math.max(0, this.#crypto.BIO_read(this.#output, address as Pointer, room));
  }

  /** Something that was taken in has not come out. */
  get holds(): boolean {
    return this.#ssl.SSL_pending(this.#session) > 0 || this.#crypto.BIO_ctrl_pending(this.#input) > 0;
  }

  /** Writes close_notify. */
  shutdown(): void {
    this.#ssl.SSL_shutdown(this.#session);
    this.#crypto.ERR_clear_error();
  }

  /** Of the peer's certificate: 0 where it was accepted, else OpenSSL's X509_V_ERR. */
  get verifyResult(): number {
    return this.#ssl.SSL_get_verify_result(this.#session);
  }

  /** What such a number means. */
  verifyText(result: number): string {
    return String(this.#crypto.X509_verify_cert_error_string(result));
  }

  /** `TLSv1.3` */
  get version(): string {
    return String(this.#ssl.SSL_get_version(this.#session));
  }

  get alpn(): string | null {
    return this.#library.alpnOf(this.#session);
  }

  /** Offers the session of an earlier connection; without effect where it does not parse. Before the handshake. */
  resume(bytes: Uint8Array): void {
    // What the library reads, and moves on from: where the bytes lie.
    const copy = new Uint8Array(new ArrayBuffer(bytes.length));
    copy.set(bytes);
    const place = new BigUint64Array(new ArrayBuffer(8));
    place[0] = BigInt(Number(ptr(copy)));
    const session = this.#ssl.d2i_SSL_SESSION(null, ptr(place), copy.length) as Pointer | null;
    if (session !== null) {
      this.#ssl.SSL_set_session(this.#session, session);
      this.#ssl.SSL_SESSION_free(session);
    }
    this.#crypto.ERR_clear_error();
  }

  /** What a later connection can {@link resume}; null where the peer has sent nothing for it yet. */
  resumable(): Uint8Array | null {
    const session = this.#ssl.SSL_get_session(this.#session) as Pointer | null;
    if (session === null || this.#ssl.SSL_SESSION_is_resumable(session) !== 1) return null;
    const length = this.#ssl.i2d_SSL_SESSION(session, null);
    if (length <= 0) return null;
    const bytes = new Uint8Array(new ArrayBuffer(length));
    const place = new BigUint64Array(new ArrayBuffer(8));
    place[0] = BigInt(Number(ptr(bytes)));
    return this.#ssl.i2d_SSL_SESSION(session, ptr(place)) === length ? bytes : null;
  }

  /** An earlier session was taken up. */
  get reused(): boolean {
    return this.#ssl.SSL_session_reused(this.#session) === 1;
  }

  /** Why the last call failed. */
  reason(): string {
    return this.#library.reason();
  }

  free(): void {
    this.#ssl.SSL_free(this.#session);
  }

  #lend(address: number, length: number): void {
    const place = this.#place;
    place[0] = length;
    place[2] = address;
    place[3] = address / 0x100000000;
    place[4] = length;
    this.#lentEnd = address + length;
    this.#crypto.BIO_ctrl(this.#input, BIO_C_SET_BUF_MEM, BIO_NOCLOSE, this.#placeAddress);
  }

  #keep(unread: number, address: number, length: number): void {
    const whole = new Uint8Array(new ArrayBuffer(unread + length));
    whole.set(new Uint8Array(toArrayBuffer((this.#lentEnd - unread) as Pointer, 0, unread)));
    whole.set(new Uint8Array(toArrayBuffer(address as Pointer, 0, length)), unread);
    this.#kept[0] = whole;
    this.#lend(Number(ptr(whole)), whole.length);
  }

  #outcome(result: number): number {
    if (result > 0) return 1;
    const outcome = this.#ssl.SSL_get_error(this.#session, result);
    return outcome === SSL_ERROR_WANT_READ || outcome === SSL_ERROR_WANT_WRITE ? 0 : -1;
  }
}

const X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = 0x4;
const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
const BIO_C_SET_BUF_MEM = 114;
const BIO_NOCLOSE = 0;
const SSL_ERROR_WANT_READ = 2;
const SSL_ERROR_WANT_WRITE = 3;
const SSL_ERROR_ZERO_RETURN = 6;
