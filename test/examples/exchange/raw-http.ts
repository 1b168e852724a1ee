import type { Socket } from "bun";

/** A response as it was on the wire. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case; of a repeated field, the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
}

/** A client that sends what it is told, byte for byte, and shows each response and how the connection ended. */
export class RawHttp implements Disposable {
  /** Everything that came. */
  bytes: Buffer = Buffer.alloc(0);
  readonly chunks: number[] = [];
  /** `end` for FIN, `close` or the error's code for the end of the socket, in order. */
  readonly ends: string[] = [];
  /** The methods of the requests, in order; GET where there is none left. Responses to HEAD have no body. */
  readonly methods: string[] = [];
  readonly #socket: Socket<undefined>;
  /** What the kernel did not take yet. */
  #unsent: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  private constructor(socket: Socket<undefined>) {
    this.#socket = socket;
  }

  static async connect(port: number): Promise<RawHttp> {
    let client: RawHttp | null = null;
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_, chunk) => client?.onBytes(chunk),
        drain: () => client?.send(""),
        end: () => client?.onEnd("end"),
        close: (_, error) => client?.onEnd(error instanceof Error && "code" in error ? String(error.code) : "close"),
        error: () => {},
      },
    });
    client = new RawHttp(socket);
    return client;
  }

  /** The responses so far; one that only the end of the connection ends is there after it. */
  get responses(): RawResponse[] {
    const responses: RawResponse[] = [];
    let rest = this.bytes;
    for (;;) {
      const isInterim = (status: number): boolean => status < 200;
      const finals = responses.filter(({ status }) => !isInterim(status)).length;
      const parsed = parseResponse(rest, this.methods[finals] ?? "GET", this.ends.length > 0);
      if (parsed === null) return responses;
      responses.push(parsed.response);
      rest = rest.subarray(parsed.length);
    }
  }

  send(bytes: string | Uint8Array): void {
    const waiting = Buffer.concat([this.#unsent, typeof bytes === "string" ? Buffer.from(bytes) : bytes]);
    this.#unsent = waiting.subarray(Math.max(0, this.#socket.write(waiting)));
  }

  /** Sends one byte after another, each in a turn of its own. */
  async sendBytes(text: string): Promise<void> {
    for (const byte of Buffer.from(text)) {
      this.send(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Sends a request without a body and waits for its response. */
  async get(target: string, ...fields: string[]): Promise<RawResponse> {
    return this.request("GET", target, "", ...fields);
  }

  async request(method: string, target: string, body: string, ...fields: string[]): Promise<RawResponse> {
    const before = this.responses.filter(({ status }) => status >= 200).length;
    this.methods.push(method);
    this.send(requestText(method, target, body, ...fields));
    return this.response(before);
  }

  /** Waits for the response of this index, interim ones not counted. */
  async response(index: number): Promise<RawResponse> {
    const finals = (): RawResponse[] => this.responses.filter(({ status }) => status >= 200);
    await this.until(() => finals().length > index);
    const response = finals()[index];
    if (response === undefined) throw new Error("There is no such response");
    return response;
  }

  /** Waits until `condition` holds after some arrival; throws after three seconds. */
  async until(condition: () => boolean): Promise<void> {
    const giveUp = Bun.sleep(3_000).then(() => "late");
    while (!condition()) {
      const arrival = new Promise<string>((resolve) => {
        this.#wake = () => resolve("arrived");
      });
      if ((await Promise.race([arrival, giveUp])) === "late") {
        throw new Error(`Gave up on ${condition}: ends [${this.ends}], ${this.bytes.toString("latin1")}`);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  onBytes(chunk: Buffer): void {
    this.chunks.push(chunk.length);
    this.bytes = Buffer.concat([this.bytes, chunk]);
    this.#wake();
  }

  onEnd(how: string): void {
    this.ends.push(how);
    this.#wake();
  }
}

export function requestText(method: string, target: string, body: string, ...fields: string[]): string {
  const length = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return [`${method} ${target} HTTP/1.1`, "Host: exchange", ...length, ...fields, "", body].join("\r\n");
}

interface Parsed {
  readonly response: RawResponse;
  /** Bytes it took. */
  readonly length: number;
}

/** Null where the response is not whole. */
function parseResponse(bytes: Buffer, method: string, isEnded: boolean): Parsed | null {
  const headEnd = bytes.indexOf("\r\n\r\n") + 4;
  if (headEnd < 4) return null;
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, headEnd - 4).split("\r\n");
  const [, status = ""] = /^HTTP\/1\.1 (\d{3}) \S/.exec(statusLine) ?? [];
  if (status === "") throw new Error(`No status line: ${statusLine}`);
  const headers = fieldsOf(lines);
  const whole = (body: Buffer, length: number, trailers: Record<string, string> = {}): Parsed => ({
    response: { status: Number(status), headers, body, trailers },
    length,
  });
  if (method === "HEAD" || Number(status) < 200) return whole(Buffer.alloc(0), headEnd);
  if (headers["transfer-encoding"] === "chunked") {
    const body: Buffer[] = [];
    let at = headEnd;
    for (;;) {
      const lineEnd = bytes.indexOf("\r\n", at);
      if (lineEnd < 0) return null;
      const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
      at = lineEnd + 2;
      if (size === 0) break;
      if (bytes.length < at + size + 2) return null;
      body.push(bytes.subarray(at, at + size));
      if (bytes.toString("latin1", at + size, at + size + 2) !== "\r\n") throw new Error("A chunk is too long");
      at += size + 2;
    }
    const end = bytes.indexOf("\r\n\r\n", at - 2) + 4;
    if (end < 4) return null;
    const trailers = bytes.toString("latin1", at, end - 4).split("\r\n");
    return whole(Buffer.concat(body), end, fieldsOf(trailers.filter((line) => line !== "")));
  }
  const { "content-length": length } = headers;
  if (length === undefined) return isEnded ? whole(bytes.subarray(headEnd), bytes.length) : null;
  const end = headEnd + Number(length);
  return bytes.length < end ? null : whole(bytes.subarray(headEnd, end), end);
}

function fieldsOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}
