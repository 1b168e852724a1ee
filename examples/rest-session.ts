import {
  HttpConnection,
  type HttpOptions,
  type Request,
  RequestWriter,
  type Response,
  ResponseReader,
} from "../index.ts";

export interface RestSessionOptions extends HttpOptions {
  /** Milliseconds that a request may take. Default 2,000. */
  readonly timeout?: number;
}

/** A venue's REST interface over one keep-alive connection, opened again once it is gone. Nothing is ever sent twice. */
export class RestSession implements Disposable {
  readonly writer: RequestWriter;
  /** How often it connected. */
  connects = 0;
  readonly #origin: string;
  readonly #options: RestSessionOptions;
  readonly #reader: ResponseReader = new ResponseReader();
  #connection: HttpConnection | null = null;

  constructor(url: string, options: RestSessionOptions = {}) {
    const { origin, host } = new URL(url);
    this.writer = new RequestWriter(host);
    this.#origin = origin;
    this.#options = options;
  }

  /** Whether a request can go out at once. */
  get isReady(): boolean {
    return this.#connection?.isReusable ?? false;
  }

  /** Connects where there is no connection that can carry a request. */
  async connect(): Promise<void> {
    if (this.isReady) return;
    this.#connection?.close();
    this.#connection = await HttpConnection.connect(this.#origin, this.#options);
    this.connects++;
  }

  /** Sends a request of {@link writer}; {@link connect} comes first. The response is borrowed until the next one. */
  send(request: Request): Promise<Response> {
    if (this.#connection === null) throw new Error("Cannot send request: the session is not connected");
    const { timeout = 2_000, signal } = this.#options;
    return this.#connection.send(request, this.#reader, signal === undefined ? { timeout } : { timeout, signal });
  }

  /** Cuts the connection: what comes on it is no longer to be trusted. */
  cut(): void {
    this.#connection?.terminate();
  }

  [Symbol.dispose](): void {
    this.#connection?.close();
  }
}

/** What the venue says in place of an answer: its code and sentence, or the start of whatever it sent. */
export function venueComplaint(response: Response): string {
  try {
    const { code, msg } = response.bodyJson() as { code?: unknown; msg?: unknown };
    return `${response.status}: ${code} ${msg}`;
  } catch {
    return `${response.status}: ${response.bodyText().slice(0, 100)}`;
  }
}

/** Milliseconds that the venue wants to be left alone for; 0 where it does not. */
export function pauseAfter(response: Response): number {
  if (response.status !== 429 && response.status !== 418) return 0;
  const seconds = Number(response.header("retry-after") ?? 1);
  return Number.isFinite(seconds) ? seconds * 1_000 : 1_000;
}
