import type { Socket } from "bun";

/** How a {@link FakeProxy} behaves. */
export interface FakeProxyOptions {
  readonly tls?: Bun.TLSOptions;
  /** The port of 127.0.0.1 that every tunnel leads to, whatever name was asked for. */
  readonly to?: number;
  /** `user:password`, without which there is no tunnel. */
  readonly login?: string;
  /** Say everything, the tunnel's bytes included, byte by byte, each in a turn of its own. */
  readonly drip?: boolean;
  /** Put in front of the first bytes of the tunnel, in one write with the answer. */
  readonly banner?: string;
}

/** An HTTP (CONNECT) and SOCKS5 proxy, written from the RFCs to be obvious, that forwards to one port and writes down what it was asked. */
export class FakeProxy implements Disposable {
  /** `venue.example:443`, in order. */
  readonly targets: string[] = [];
  /** Every byte that clients sent to the proxy itself. */
  readonly asked: Buffer[] = [];
  /** Connections that are gone. */
  closed = 0;
  readonly clients: Client[] = [];
  readonly #options: FakeProxyOptions;
  readonly #listener: Bun.TCPSocketListener<Client>;

  constructor(options: FakeProxyOptions = {}) {
    this.#options = options;
    this.#listener = Bun.listen<Client>({
      hostname: "127.0.0.1",
      port: 0,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      socket: {
        open: (socket) => {
          socket.data = { socket, upstream: null, heard: Buffer.alloc(0), stage: "first" };
          this.clients.push(socket.data);
        },
        data: (socket, chunk) => this.#hear(socket.data, Buffer.from(chunk)),
        close: (socket) => {
          this.closed += 1;
          socket.data.upstream?.terminate();
        },
        handshake() {},
        error() {},
      },
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  [Symbol.dispose](): void {
    for (const { socket, upstream } of this.clients) {
      upstream?.terminate();
      socket.terminate();
    }
    this.#listener.stop(true);
  }

  #hear(client: Client, chunk: Buffer): void {
    if (client.upstream !== null) {
      client.upstream.write(chunk);
      return;
    }
    this.asked.push(chunk);
    client.heard = Buffer.concat([client.heard, chunk]);
    if (client.heard[0] === 5 || client.stage !== "first") this.#hearSocks(client);
    else this.#hearConnect(client);
  }

  #hearConnect(client: Client): void {
    const text = client.heard.toString("latin1");
    if (!text.endsWith("\r\n\r\n")) return;
    const [, target = ""] = /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(text) ?? [];
    const { login } = this.#options;
    const authorization = `Proxy-Authorization: Basic ${Buffer.from(login ?? "").toString("base64")}\r\n`;
    if (target === "") this.#say(client, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    else if (login !== undefined && !text.includes(authorization)) {
      this.#say(client, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 7\r\n\r\nwho are");
    } else this.#forward(client, target, "HTTP/1.1 200 Connection established\r\nVia: 1.1 fake\r\n\r\n");
  }

  #hearSocks(client: Client): void {
    const { heard } = client;
    const { login } = this.#options;
    if (client.stage === "first") {
      client.stage = login === undefined ? "request" : "login";
      client.heard = Buffer.alloc(0);
      this.#say(client, Buffer.of(5, login === undefined ? 0 : heard.includes(2, 2) ? 2 : 255));
    } else if (client.stage === "login") {
      const length = heard[1] ?? 0;
      const given = `${heard.subarray(2, 2 + length)}:${heard.subarray(3 + length)}`;
      client.stage = "request";
      client.heard = Buffer.alloc(0);
      this.#say(client, Buffer.of(1, given === login ? 0 : 1));
    } else {
      const name = heard[3] === 3 ? heard.subarray(5, -2).toString() : heard.subarray(4, -2).join(".");
      this.#forward(
        client,
        `${name}:${heard.readUInt16BE(heard.length - 2)}`,
        Buffer.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 9),
      );
    }
  }

  async #forward(client: Client, target: string, answer: string | Buffer): Promise<void> {
    this.targets.push(target);
    const { to = 9, banner = "" } = this.#options;
    client.upstream = await Bun.connect<undefined>({
      hostname: "127.0.0.1",
      port: to,
      socket: {
        data: (_, chunk) => this.#say(client, Buffer.from(chunk)),
        close() {
          client.socket.end();
        },
        error() {},
      },
    });
    this.#say(client, Buffer.concat([Buffer.from(answer), Buffer.from(banner)]));
  }

  /** In order, also while an earlier answer still drips. */
  #say(client: Client, words: string | Buffer): void {
    const bytes = Buffer.from(words);
    if (this.#options.drip !== true) {
      client.socket.write(bytes);
      return;
    }
    client.dripping = (client.dripping ?? Promise.resolve()).then(async () => {
      for (const byte of bytes) {
        client.socket.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
  }
}

interface Client {
  readonly socket: Socket<Client>;
  upstream: Socket<undefined> | null;
  heard: Buffer;
  stage: "first" | "login" | "request";
  dripping?: Promise<void>;
}
