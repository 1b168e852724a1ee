import type { Socket, TCPSocketListener } from "bun";
import type { ClientSlot } from "../../src/pool/client-slot.ts";
import type { PoolEvents } from "../../src/pool/options.ts";

/** A request without a body, as a server saw it. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  /** The head, line by line, the request line left out. */
  readonly fields: readonly string[];
}

export interface TestServerOptions {
  /** What is sent at once; null for nothing. Default: {@link ok} with the target as body. */
  readonly answer?: (seen: Seen, peer: Peer) => string | null;
  readonly onAccept?: (peer: Peer) => void;
}

/** The server's end of one connection. */
export class Peer {
  readonly seen: Seen[] = [];
  gone = false;
  readonly socket: Socket<Peer>;
  #text = "";

  constructor(socket: Socket<Peer>) {
    this.socket = socket;
  }

  send(text: string): void {
    this.socket.write(text);
  }

  fin(): void {
    this.socket.shutdown();
  }

  reset(): void {
    this.socket.terminate();
  }

  /** The requests that a chunk completes. */
  take(chunk: Uint8Array): Seen[] {
    const heads = (this.#text + Buffer.from(chunk).toString("latin1")).split("\r\n\r\n");
    this.#text = heads.pop() ?? "";
    return heads.map((head) => {
      const [line = "", ...fields] = head.split("\r\n");
      const [method = "", target = ""] = line.split(" ");
      const seen = { method, target, fields };
      this.seen.push(seen);
      return seen;
    });
  }
}

/** A server on the loopback that answers requests without bodies as a test says, and can be stopped and started on its port. */
export class TestServer implements Disposable {
  /** In order of arrival. */
  readonly peers: Peer[] = [];
  readonly port: number;
  readonly #options: TestServerOptions;
  #listener: TCPSocketListener<Peer> | null = null;

  constructor(options: TestServerOptions = {}) {
    this.#options = options;
    this.start();
    this.port = (this.#listener as TCPSocketListener<Peer> | null)?.port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The connections that stand, the oldest first. */
  get open(): Peer[] {
    return this.peers.filter((peer) => !peer.gone);
  }

  /** Targets of all requests, connection by connection. */
  get targets(): string[] {
    return this.peers.flatMap(({ seen }) => seen.map(({ target }) => target));
  }

  start(): void {
    const { answer = ({ target }): string => ok(target), onAccept } = this.#options;
    this.#listener = Bun.listen<Peer>({
      hostname: "127.0.0.1",
      port: this.port ?? 0,
      allowHalfOpen: true,
      socket: {
        binaryType: "uint8array",
        open: (socket) => {
          socket.data = new Peer(socket);
          this.peers.push(socket.data);
          onAccept?.(socket.data);
        },
        data(socket, chunk) {
          for (const seen of socket.data.take(chunk)) {
            const text = answer(seen, socket.data);
            if (text !== null) socket.write(text);
          }
        },
        end(socket) {
          socket.shutdown();
        },
        close(socket) {
          socket.data.gone = true;
        },
        error() {},
      },
    });
  }

  /** Listens no more, and resets what stands. */
  stop(): void {
    this.#listener?.stop();
    this.#listener = null;
    for (const peer of this.open) peer.reset();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

/** A response with `Content-Length`. */
export function ok(body: string, fields = ""): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** What a pool told, as lines: `connected 0`, `died 1`, `connectFailed 0 CONNECT_REFUSED`, `forgotten 2`. */
export class Journal {
  readonly lines: string[] = [];
  /** Of `connectFailed`, in order. */
  readonly delays: number[] = [];

  readonly events: Required<PoolEvents> = {
    connected: (slot) => this.lines.push(`connected ${slot}`),
    died: (slot) => this.lines.push(`died ${slot}`),
    connectFailed: (slot, error, delay) => {
      this.delays.push(delay);
      this.lines.push(`connectFailed ${slot} ${codeOf(error)}`);
    },
    forgotten: (slot) => this.lines.push(`forgotten ${slot}`),
  };

  count(start: string): number {
    return this.lines.filter((line) => line.startsWith(start)).length;
  }
}

/** Asks for `path` on a slot: the body of the answer. */
export async function fetchOn(slot: ClientSlot, path: string, timeout = 2_000): Promise<string> {
  const response = await slot.send(slot.writer.get(path).finish(), { timeout });
  return response.bodyText();
}

export function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown }).code ?? error);
}

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { readonly code?: string }> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof Error) return outcome;
  throw new Error("resolved where it was to reject");
}

/** The error that a call throws. */
export function thrownBy(call: () => unknown): Error & { readonly code?: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("returned where it was to throw");
}

/** Collects garbage until `condition` holds. */
export async function collectUntil(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 200 && !condition(); round++) {
    Bun.gc(true);
    await Bun.sleep(1);
  }
}
