/** Answers every chunk with an empty 200; within the process of a bench, and with an end and a new beginning on the same port. */
export class TinyServer {
  readonly port: number;
  answered = 0;
  #listener: Bun.TCPSocketListener<undefined> | null = null;

  constructor() {
    this.start();
    this.port = (this.#listener as Bun.TCPSocketListener<undefined> | null)?.port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  start(): void {
    this.#listener = Bun.listen({
      hostname: "127.0.0.1",
      port: this.port ?? 0,
      socket: {
        data: (socket) => {
          this.answered++;
          socket.write(ANSWER);
        },
        error(_socket, error) {
          console.error(error);
        },
      },
    });
  }

  /** Listens no more, and resets what stands. */
  stop(): void {
    this.#listener?.stop(true);
    this.#listener = null;
  }
}

const ANSWER = new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
