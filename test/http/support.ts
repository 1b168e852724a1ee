import { RequestWriter } from "../../src/codec/http/request-writer.ts";
import type { Response } from "../../src/codec/http/response.ts";
import type { ResponseReaderOptions } from "../../src/codec/http/response-options.ts";
import { ResponseReader } from "../../src/codec/http/response-reader.ts";
import { HttpConnection } from "../../src/http/connection.ts";
import { RequestError, type RequestErrorCode, type RequestProgress } from "../../src/http/errors.ts";
import type { HttpOptions } from "../../src/http/options.ts";
import { type MemoryPairOptions, memoryPair } from "../../src/socket/memory-pair.ts";
import type { Transport } from "../../src/socket/transport.ts";
import { LoopbackServer } from "../helpers/loopback-server.ts";
import { RawPeer } from "../helpers/raw-peer.ts";
import { ScriptedTransport } from "../helpers/scripted-transport.ts";

/** A request as a server saw it, taken apart without the library. */
export interface SeenRequest {
  /** `GET /path HTTP/1.1` */
  readonly line: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** In order and case. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** Of the requests on its connection, from 0. */
  readonly index: number;
  field(name: string): string | null;
}

/** What is sent at once; null for nothing yet. */
export type Answer = (request: SeenRequest, peer: HttpPeer) => string | Uint8Array | null;

export interface HttpPeerOptions {
  /** Called when a request is whole. Default: 200 with the request's line as body. */
  readonly answer?: Answer;
  /** Called when a head is whole; its `body` is empty. */
  readonly onHead?: Answer;
  /** Reads no byte of any request; {@link HttpPeer.proceed} lets it. */
  readonly stalled?: boolean;
}

/** A response with `Content-Length`, and what a test adds. */
export function ok(body = "", fields = "", status = "200 OK"): string {
  return `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** A body in chunks, with the last one. */
export function chunked(...pieces: readonly string[]): string {
  return [...pieces, ""].map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`).join("");
}

/** The server's end of a connection under a test's control: it answers as it is told, right or wrong, and writes down what comes. */
export class HttpPeer extends RawPeer {
  /** Those that came whole. */
  readonly requests: SeenRequest[] = [];
  readonly #options: HttpPeerOptions;
  #received: Buffer = NOTHING;
  #headTold = false;
  #counting = false;
  #raw: Buffer[] | null = null;

  constructor(transport: Transport, options: HttpPeerOptions = {}) {
    super(transport);
    this.#options = options;
    if (options.stalled === true) transport.pause();
    transport.attach(this);
  }

  /** From now on what comes is no HTTP. */
  goRaw(): this {
    this.#raw = [];
    return this;
  }

  /** From now on what comes is counted, and not kept. */
  countOnly(): this {
    this.#counting = true;
    return this;
  }

  /** What came of the other protocol. */
  get raw(): string {
    return Buffer.concat(this.#raw ?? []).toString("latin1");
  }

  /** What came behind the last whole request. */
  get partial(): string {
    return this.#received.toString("latin1");
  }

  protected override take(chunk: Uint8Array): void {
    if (this.#counting) this.#received = NOTHING;
    else if (this.#raw !== null) this.#raw.push(Buffer.from(chunk));
    else {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#read();
    }
  }

  /** As a server does that has nothing more to say. */
  protected override answerEnd(): void {
    this.end();
  }

  #read(): void {
    for (;;) {
      const headEnd = this.#received.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = parseHead(this.#received.toString("latin1", 0, headEnd), this.requests.length);
      if (!this.#headTold) {
        this.#headTold = true;
        this.#answer(this.#options.onHead, { ...head, body: NOTHING });
        if (this.#raw !== null) {
          this.#raw = [this.#received.subarray(headEnd + 4)];
          return;
        }
      }
      const whole = bodyOf(head, this.#received.subarray(headEnd + 4));
      if (whole === null) return;
      this.#received = this.#received.subarray(headEnd + 4 + whole.size);
      this.#headTold = false;
      const request = { ...head, body: whole.body };
      this.requests.push(request);
      this.#answer(this.#options.answer ?? ((): string | null => ok(request.line)), request);
      if (this.#raw !== null) return;
    }
  }

  #answer(answer: Answer | undefined, request: SeenRequest): void {
    const bytes = answer?.(request, this) ?? null;
    if (bytes !== null) this.send(bytes);
  }
}

export interface RawServerOptions extends HttpPeerOptions {
  /** Speak TLS with the test certificate of that name. */
  readonly tls?: string;
  readonly hostname?: string;
  readonly onPeer?: (peer: HttpPeer) => void;
}

/** A {@link LoopbackServer} of {@link HttpPeer}s. */
export class RawServer extends LoopbackServer<HttpPeer> {
  constructor(options: RawServerOptions = {}) {
    const { tls = null, ...rest } = options;
    super((transport) => new HttpPeer(transport, options), { ...rest, certificate: tls });
  }

  get url(): string {
    return `${this.secure ? "https" : "http"}://${this.authority}`;
  }

  /** Of all connections. */
  get requests(): SeenRequest[] {
    return this.peers.flatMap(({ requests }) => requests);
  }
}

/** Writer, reader and connection of one test, and what the connection told. */
export class Client implements Disposable {
  readonly connection: HttpConnection;
  readonly writer: RequestWriter = new RequestWriter("h", { capacity: 1 << 20 });
  readonly reader: ResponseReader;
  /** Times that `onClosed` came. */
  closes = 0;

  constructor(connection: HttpConnection, options: ResponseReaderOptions = {}) {
    this.connection = connection;
    this.reader = new ResponseReader(options);
    connection.onClosed = () => {
      this.closes++;
    };
  }

  static async connect(server: RawServer, options: HttpOptions = {}, reader?: ResponseReaderOptions): Promise<Client> {
    return new Client(await HttpConnection.connect(server.url, options), reader);
  }

  get(path = "/"): Promise<Response> {
    return this.connection.send(this.writer.get(path).finish(), this.reader);
  }

  /** `closed, told 1` */
  get standing(): string {
    return `${this.connection.state}, told ${this.closes}`;
  }

  [Symbol.dispose](): void {
    this.connection.terminate();
  }
}

/** A client and its peer over a pair in memory. */
export async function memoryClient(
  peerOptions: HttpPeerOptions = {},
  pairOptions: MemoryPairOptions = {},
  options: HttpOptions = {},
): Promise<{ client: Client; peer: HttpPeer }> {
  const [near, far] = memoryPair(pairOptions);
  const peer = new HttpPeer(far, peerOptions);
  return { client: new Client(await HttpConnection.connectWith(near, "http://h", options)), peer };
}

/** A client on a wire under a test's control: nothing happens by itself. */
export async function wireClient(
  options: HttpOptions = {},
  reader: ResponseReaderOptions = {},
): Promise<{ client: Client; wire: ScriptedTransport; answer: (text: string) => void }> {
  const wire = new ScriptedTransport();
  const client = new Client(await HttpConnection.connectWith(wire, "http://h", options), reader);
  return { client, wire, answer: (text) => wire.deliver(Buffer.from(text, "latin1")) };
}

/** What a request failed with. */
export async function failureOf(promise: Promise<unknown>): Promise<RequestError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof RequestError) return error;
  throw error ?? new Error("resolved where it was to fail");
}

/** What matters of a failure, as it is compared. */
export async function outcomeOf(
  promise: Promise<unknown>,
): Promise<[code: RequestErrorCode, progress: RequestProgress, bytesSent: number]> {
  const { code, progress, bytesSent } = await failureOf(promise);
  return [code, progress, bytesSent];
}

/** All of a streamed body. */
export async function bodyOfStream(response: Response): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of response.stream()) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

const NOTHING: Buffer = Buffer.alloc(0);

type Head = Omit<SeenRequest, "body">;

function parseHead(text: string, index: number): Head {
  const [line = "", ...rows] = text.split("\r\n");
  const [method = "", target = ""] = line.split(" ");
  const fields = rows.map((row) => {
    const colon = row.indexOf(": ");
    return [row.slice(0, colon), row.slice(colon + 2)] as const;
  });
  const field = (name: string): string | null =>
    fields.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? null;
  return { line, method, target, fields, index, field };
}

/** The body at the start of `bytes`, and the bytes that it takes up; null where it is not whole. */
function bodyOf(head: Head, bytes: Buffer): { body: Buffer; size: number } | null {
  if (head.field("Transfer-Encoding") !== "chunked") {
    const size = Number(head.field("Content-Length") ?? 0);
    return bytes.length < size ? null : { body: bytes.subarray(0, size), size };
  }
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const end = lineEnd + 2 + size + 2;
    if (bytes.length < end) return null;
    if (bytes.toString("latin1", end - 2, end) !== "\r\n") throw new Error("a chunk does not end in CRLF");
    if (size === 0) return { body: Buffer.concat(pieces), size: end };
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = end;
  }
}
