import { dlopen, ptr } from "bun:ffi";
import { readdirSync } from "node:fs";
import type { Socket } from "bun";
import type { TransportHandler } from "../../src/socket/transport.ts";

/** ALPN protocols as they stand on the wire. */
export function alpn(...protocols: string[]): Uint8Array {
  return Uint8Array.from(protocols.flatMap((name) => [name.length, ...Buffer.from(name)]));
}

/** A transport handler that writes down what it is told. */
export class Recorder implements TransportHandler {
  readonly events: string[] = [];
  readonly chunks: Uint8Array[] = [];
  error: Error | null = null;
  drains = 0;

  onBytes(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    if (this.events.at(-1) !== "bytes") this.events.push("bytes");
  }

  onDrain(): void {
    this.drains += 1;
  }

  onEnd(): void {
    this.events.push("end");
  }

  onClose(error: Error | null): void {
    this.error = error;
    this.events.push("close");
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  get closed(): boolean {
    return this.events.includes("close");
  }
}

/** A server of Bun's that counts decrypted bytes, and hands out its sockets. */
export interface TestServer extends Disposable {
  readonly port: number;
  readonly hostname: string;
  readonly sockets: Socket<unknown>[];
  /** Application bytes that came, all connections together. */
  received(): Buffer;
  /** Connections that are gone, in order, by their error's code or "". */
  readonly closes: string[];
  readonly ends: number;
}

interface ServeOptions {
  readonly hostname?: string;
  readonly tls?: Bun.TLSOptions;
  readonly onData?: (socket: Socket<unknown>, chunk: Uint8Array) => void;
  readonly onOpen?: (socket: Socket<unknown>) => void;
}

export function serve({ hostname = "127.0.0.1", tls, onData, onOpen }: ServeOptions = {}): TestServer {
  const sockets: Socket<unknown>[] = [];
  const chunks: Uint8Array[] = [];
  const closes: string[] = [];
  let ends = 0;
  const listener = Bun.listen<unknown>({
    hostname,
    port: 0,
    allowHalfOpen: true,
    ...(tls === undefined ? {} : { tls }),
    socket: {
      open(socket) {
        sockets.push(socket);
        onOpen?.(socket);
      },
      data(socket, chunk) {
        chunks.push(chunk);
        onData?.(socket, chunk);
      },
      end() {
        ends += 1;
      },
      close(_socket, error) {
        closes.push((error as { code?: string } | undefined)?.code ?? "");
      },
      handshake() {},
      drain() {},
      error() {},
    },
  });
  return {
    port: listener.port,
    hostname,
    sockets,
    closes,
    received: () => Buffer.concat(chunks),
    get ends() {
      return ends;
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket.terminate();
      listener.stop(true);
    },
  };
}

/** A listener that never accepts, its backlog full: a connection to it stays in SYN-SENT. Linux only. */
export function blackhole(): Disposable & { readonly port: number } {
  const libc = dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    listen: { args: ["i32", "i32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  }).symbols;
  const address = new Uint8Array(new ArrayBuffer(16));
  address.set([2, 0, 0, 0, 127, 0, 0, 1]);
  const length = new Uint32Array(new ArrayBuffer(4));
  length[0] = 16;
  const listening = libc.socket(2, 1, 0);
  libc.bind(listening, ptr(address), 16);
  libc.listen(listening, 0);
  libc.getsockname(listening, ptr(address), ptr(length));
  const NON_BLOCKING = 0o4000;
  const fillers = [0, 1, 2].map(() => {
    const fd = libc.socket(2, 1 | NON_BLOCKING, 0);
    libc.connect(fd, ptr(address), 16);
    return fd;
  });
  return {
    port: new DataView(address.buffer).getUint16(2),
    [Symbol.dispose]() {
      for (const fd of [...fillers, listening]) libc.close(fd);
    },
  };
}

/** How many descriptors this process holds. */
export function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** What a promise rejects with. */
export async function rejection<T extends Error>(
  promise: Promise<unknown>,
  type: new (...args: never[]) => T,
): Promise<T> {
  const settled = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("value" in settled) throw new Error(`resolved with ${String(settled.value)} where it was to reject`);
  if (settled.error instanceof type) return settled.error;
  throw settled.error;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
