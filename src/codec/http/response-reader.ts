import { wordsOf } from "../ascii.ts";
import { ByteRing, plainMemory } from "../byte-ring.ts";
import { ProtocolError, type ProtocolFault, UsageError } from "../errors.ts";
import { BodyReader } from "./body-reader.ts";
import { CheckedResponse, ReaderResponse, type Response } from "./response.ts";
import { BODY_TUNNEL } from "./response-framing.ts";
import { ResponseHead } from "./response-head.ts";
import {
  type Expectation,
  ORDINARY,
  type ResponseReaderOptions,
  type ResponseReaderSettings,
  readerCapacity,
  responseReaderSettings,
} from "./response-options.ts";
import { BODY, DONE, HEAD, IDLE, type ResponsePhase, STREAM, TUNNEL } from "./response-phase.ts";
import { ResponseStore } from "./response-store.ts";

/**
 * HTTP/1.1 responses out of bytes, one per request (RFC 9112). {@link expect} says what is answered, bytes go in with {@link read}, the
 * response comes out of {@link next} once all of it is there. Nothing is thrown for what the peer did: {@link failure} then says it, and
 * the reader stays failed until {@link reset}.
 *
 * A response that fits the ring is lent out of it without a copy, its chunks pushed together in place. What does not fit is put together
 * in a buffer that grows with what arrives.
 */
export class ResponseReader {
  /** Why the connection must be given up, once the peer broke the protocol. */
  failure: ProtocolError | null = null;
  /** The request in flight was told to go on with its body: a 100 came (RFC 9110 section 15.2.1). */
  continued = false;
  readonly ring: ByteRing;

  private phase: ResponsePhase = IDLE;
  /** No more bytes can come. */
  private ended = false;
  private expectation: Expectation = ORDINARY;
  /** A piece of a streamed body is lent: it begins at `ring.head`. */
  private pieceLent = false;

  private readonly settings: ResponseReaderSettings;
  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly head: ResponseHead;
  private readonly body: BodyReader;
  private readonly store: ResponseStore;
  private readonly response: ReaderResponse;
  private lent: CheckedResponse | null = null;

  constructor(options: ResponseReaderOptions = {}) {
    const ring = new ByteRing(options.memory ?? plainMemory(readerCapacity(options)));
    const settings = responseReaderSettings(options, ring.capacity);
    this.ring = ring;
    this.settings = settings;
    this.bytes = ring.bytes;
    this.words = wordsOf(ring.bytes);
    this.head = new ResponseHead(settings);
    this.body = new BodyReader(settings);
    this.store = new ResponseStore(ring);
    this.response = new ReaderResponse(ring.bytes, this.head.fields, this.body.trailers);
  }

  /**
   * A request with `method` goes out: the next response answers it, and the one before expires. Bytes that came ahead of it are the
   * failure `HTTP_RESPONSE_UNEXPECTED`. Throws `RESPONSE_UNDER_WAY` while the one before was not read to its end.
   */
  expect(method: string, expectation: Expectation = ORDINARY): void {
    if (this.failure !== null) return;
    if (this.phase !== IDLE && this.phase !== DONE) {
      throw new UsageError("RESPONSE_UNDER_WAY", "Cannot expect a response: the one before was not read to its end");
    }
    if (this.judgePending()) return;
    this.begin();
    this.head.begin(method, expectation.upgrade === true);
    this.expectation = expectation;
    this.phase = HEAD;
  }

  /**
   * Takes as much of `chunk` from `offset` on as the ring has room for and returns how many bytes that were. Where it is less than the
   * rest of the chunk, call {@link next} or {@link nextPiece} until it returns null, then offer what remains. The bytes are copied.
   */
  read(chunk: Uint8Array, offset = 0): number {
    const rest = chunk.length - offset;
    if (this.failure !== null || this.ended || rest === 0) return rest;
    if (this.phase === IDLE || this.phase === DONE) {
      this.fail("HTTP_RESPONSE_UNEXPECTED", `${this.pending + rest} bytes`);
      return rest;
    }
    const shift = this.ring.settle(!this.pieceLent && this.phase !== TUNNEL);
    if (shift !== 0) {
      this.store.shift(shift);
      this.body.position -= shift;
    }
    return this.ring.write(chunk, offset);
  }

  /** The connection has ended: nothing more comes. What is there is still to be taken with {@link next}, which also judges the end. */
  eof(): void {
    this.ended = true;
  }

  /**
   * The response, once; null where more bytes are needed, none is expected, or {@link failure} is set: also by bytes behind a response, which
   * stays lent. A streamed one comes as soon as its head is there.
   */
  next(): Response | null {
    if (this.failure !== null) return null;
    if (this.phase === HEAD && !this.readHead()) return null;
    if (this.phase !== BODY) {
      this.judgePending();
      return null;
    }
    if (this.expectation.stream === true && !this.body.complete) return this.beginStream();
    return this.takeBody() ? this.finish() : null;
  }

  /**
   * The next piece of a streamed body, as a view that is borrowed until the next call; null where more bytes are needed,
   * {@link bodyComplete}, or {@link failure} is set. What is not taken stays in the ring, which then takes no more: back-pressure.
   */
  nextPiece(): Uint8Array | null {
    const { body, ring, bytes } = this;
    this.pieceLent = false;
    if (this.phase !== STREAM || this.failure !== null) return null;
    const run = this.nextRun();
    const from = body.position;
    ring.head = from;
    if (run > 0) {
      this.pieceLent = true;
      body.take(run);
      this.nextRun();
    }
    if (body.complete) {
      this.phase = DONE;
      this.store.place(this.response, body);
    } else if (run === 0) this.judgeEnd();
    return run > 0 ? bytes.subarray(from, from + run) : null;
  }

  /** The last response was read to the end of its body, so that {@link expect} may follow. */
  get bodyComplete(): boolean {
    return this.phase === DONE;
  }

  /** Something of the response to the request in flight has come. */
  get started(): boolean {
    if (this.phase === IDLE) return false;
    return this.phase !== HEAD || this.ring.length > 0 || this.head.informationals > 0;
  }

  /** Bytes held behind the response that was read: none belong there, but after an upgrade. */
  get pending(): number {
    return this.phase === DONE || this.phase === TUNNEL ? this.ring.tail - this.body.position : 0;
  }

  /** What has come of the protocol behind an upgrade; a view, valid until the next read. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.body.position, this.body.position + this.pending);
  }

  /** Forgets everything, a failure too, and is ready for a new connection. */
  reset(): void {
    this.begin();
    this.phase = IDLE;
    this.failure = null;
    this.ended = false;
  }

  /** Is ready for a response at the ring's start. */
  private begin(): void {
    this.lent?.expire();
    this.lent = null;
    this.store.clear();
    this.body.clear();
    this.continued = false;
    this.pieceLent = false;
  }

  /** Reads to the end of the final response's head, passing over interim ones. */
  private readHead(): boolean {
    const { head, ring, bytes, words, store } = this;
    while (head.read(bytes, words, store.start, ring.tail)) {
      if (!head.isInterim) return this.beginBody();
      this.passInformational();
    }
    return head.fault === null ? this.judgeEnd() : this.fail(head.fault, head.detail);
  }

  private passInformational(): void {
    const { head, response, store } = this;
    const { informational } = this.settings;
    const end = store.start + head.fields.size;
    if (head.status === 100) this.continued = true;
    try {
      response.fill(head.status, null);
      response.place(this.bytes, store.start, end, end, end);
      informational?.(this.lend());
    } finally {
      this.lent?.expire();
      head.pass();
      store.start = end;
      this.ring.head = end;
    }
  }

  private beginBody(): boolean {
    const { body, head, store } = this;
    const { kind, contentLength } = head.framing;
    const { size } = head.fields;
    const most = this.expectation.stream === true ? Number.MAX_SAFE_INTEGER : this.settings.maxBodySize;
    body.begin(kind, store.start + size, contentLength, most);
    if (body.fault !== null) return this.fail(body.fault, body.detail);
    store.beginBody(size);
    this.phase = BODY;
    return true;
  }

  /** Takes what there is of the body; true once that is all. */
  private takeBody(): boolean {
    const { body, store, ring } = this;
    const { needed } = body;
    if (!store.outside && needed >= 0) {
      if (needed <= ring.tail - body.position) {
        // Bet: the length is known, and all of it is there.
        store.keep(body.position, needed);
        body.take(needed);
        return true;
      }
      if (needed > ring.capacity - store.headSize) store.moveOut(body);
    }
    for (let run = this.nextRun(); run > 0; run = this.nextRun()) {
      store.keep(body.position, run);
      body.take(run);
    }
    if (body.complete) return true;
    store.makeRoom(body);
    return this.judgeEnd();
  }

  /** How many bytes of data stand at the body's position. */
  private nextRun(): number {
    const { body } = this;
    const run = body.run(this.bytes, this.words, this.ring.tail, this.ended);
    if (body.fault !== null) this.fail(body.fault, body.detail);
    return run;
  }

  /** Lends the response, which is whole. */
  private finish(): Response | null {
    const { response, head, body, store } = this;
    const { decoders, maxBodySize } = this.settings;
    this.phase = head.framing.kind === BODY_TUNNEL ? TUNNEL : DONE;
    response.fill(head.status, head.framing);
    store.place(response, body);
    if (decoders !== null && head.framing.contentEncoding >= 0) this.failure = response.decode(decoders, maxBodySize);
    return this.failure === null ? this.lend() : null;
  }

  /** Lends the response of which only the head is there. */
  private beginStream(): Response {
    const { response, head, body, store } = this;
    this.phase = STREAM;
    store.moveOut(body);
    response.fill(head.status, head.framing);
    response.streamed = true;
    store.place(response, body);
    return this.lend();
  }

  private lend(): Response {
    if (!this.settings.debug) return this.response;
    this.lent = new CheckedResponse(this.response);
    return this.lent.response;
  }

  /** True where the response is over and there are bytes behind it. */
  private judgePending(): boolean {
    const { pending } = this;
    if (this.phase !== DONE || pending === 0) return false;
    this.fail("HTTP_RESPONSE_UNEXPECTED", `${pending} bytes`);
    return true;
  }

  /** More bytes are needed: where none can come, what is there was cut. */
  private judgeEnd(): false {
    if (!this.ended || this.failure !== null) return false;
    const came = this.phase === HEAD ? `${this.ring.length} bytes of its head came` : this.body.progress();
    return this.fail("HTTP_TRUNCATED", came);
  }

  private fail(fault: ProtocolFault, detail: string): false {
    this.failure = new ProtocolError(fault, detail);
    return false;
  }
}
