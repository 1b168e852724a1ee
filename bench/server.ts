import { BINARY, checksum, encodeFrame, endText, frameBlock, mixedBlock, type PayloadKind, TEXT } from "./corpus.ts";

/**
 * The peer of every contender, a process of its own: a bare `Bun.listen`, plain and over TLS, that answers the upgrade and then,
 * at the client's first frame, sends prepared bytes as fast as the kernel takes them, or echoes.
 *
 * - `/receive?kind=binary&size=40&count=3000000&checked=0`: that many frames of one size, then the end frame
 * - `/mix?repeat=10`: every kind and size of message, then the end frame
 * - `/echo`: each data frame back
 *
 * Arguments: certificate and key. Prints `{"plain":port,"secure":port}` and ends with its standard input.
 */
function listen(tls: { cert: string; key: string } | undefined): number {
  const listener = Bun.listen<Session>({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls === undefined ? {} : { tls }),
    socket: {
      open(socket) {
        socket.data = { head: "", echo: null, stream: null, started: false };
      },
      data(socket, chunk) {
        const session = socket.data;
        if (session.head !== null) answerUpgrade(socket, session, chunk);
        else if (session.echo !== null) session.echo.receive(socket, chunk);
        else if (session.stream !== null && !session.started) {
          session.started = true;
          session.stream.pump(socket);
        }
      },
      drain(socket) {
        const session = socket.data;
        if (session.started) session.stream?.pump(socket);
      },
      error(_socket, error) {
        console.error(error);
      },
    },
  });
  return listener.port;
}

type Socket = Bun.Socket<Session>;

interface Session {
  /** The bytes of the upgrade request so far; null once it is answered. */
  head: string | null;
  echo: Echo | null;
  stream: FrameStream | null;
  started: boolean;
}

function answerUpgrade(socket: Socket, session: Session, chunk: Uint8Array): void {
  session.head += Buffer.from(chunk).toString("latin1");
  const head = session.head ?? "";
  if (!head.endsWith("\r\n\r\n")) return;
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "";
  const url = new URL(head.slice(4, head.indexOf(" ", 4)), "http://bench");
  const accept = new Bun.CryptoHasher("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  session.head = null;
  if (url.pathname === "/echo") session.echo = new Echo();
  else session.stream = FrameStream.of(url);
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

/** Sends the first `total` bytes of an endlessly repeated block, then the end frame. */
class FrameStream {
  readonly #block: Uint8Array;
  readonly #total: number;
  readonly #end: Uint8Array;
  #sent = 0;
  #endSent = 0;

  constructor(block: Uint8Array, total: number, end: string) {
    this.#block = block;
    this.#total = total;
    this.#end = encodeFrame(TEXT, new TextEncoder().encode(end), true, null);
  }

  static of(url: URL): FrameStream {
    if (url.pathname === "/mix") {
      const repeat = Number(url.searchParams.get("repeat"));
      mixed ??= mixedBlock(false);
      const { bytes, payloads } = mixed;
      return new FrameStream(bytes, bytes.length * repeat, summary(payloads, payloads.length * repeat, true));
    }
    const kind = (url.searchParams.get("kind") ?? "binary") as PayloadKind;
    const size = Number(url.searchParams.get("size"));
    const count = Number(url.searchParams.get("count"));
    let block = blocks.get(`${kind} ${size}`);
    if (block === undefined) {
      block = frameBlock(kind, size, BLOCK_BYTES, false);
      blocks.set(`${kind} ${size}`, block);
    }
    const end = summary(block.payloads, count, url.searchParams.get("checked") === "1");
    return new FrameStream(block.bytes, block.frameLength * count, end);
  }

  /** Writes until the kernel takes no more or all is sent; called again at every drain. */
  pump(socket: Socket): void {
    const block = this.#block;
    while (this.#sent < this.#total) {
      const offset = this.#sent % block.length;
      const length = Math.min(block.length - offset, this.#total - this.#sent);
      const taken = socket.write(block, offset, length);
      if (taken > 0) this.#sent += taken;
      if (taken < length) return;
    }
    if (this.#endSent < this.#end.length) {
      this.#endSent += Math.max(0, socket.write(this.#end, this.#endSent, this.#end.length - this.#endSent));
    }
  }
}

function summary(payloads: readonly Uint8Array[], count: number, checked: boolean): string {
  const rounds = Math.floor(count / payloads.length);
  let bytes = 0;
  for (const [i, payload] of payloads.entries())
    bytes += payload.length * (i < count % payloads.length ? rounds + 1 : rounds);
  let check = 0;
  for (let i = 0; checked && i < count; i++) {
    const payload = payloads[i % payloads.length] ?? EMPTY;
    check = checksum(check, payload, 0, payload.length);
  }
  return endText(count, bytes, check);
}

/** Sends masked data frames of up to 125 bytes back unmasked, each as a binary frame. */
class Echo {
  #kept: Uint8Array = EMPTY;

  receive(socket: Socket, chunk: Uint8Array): void {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    let pos = 0;
    while (bytes.length - pos >= 6) {
      const length = (bytes[pos + 1] ?? 0) & 0x7f;
      if (bytes.length - pos < 6 + length) break;
      if (((bytes[pos] ?? 0) & 0x0f) <= BINARY) {
        const reply = new Uint8Array(2 + length);
        reply[0] = 0x80 | BINARY;
        reply[1] = length;
        for (let i = 0; i < length; i++) reply[2 + i] = (bytes[pos + 6 + i] ?? 0) ^ (bytes[pos + 2 + (i & 3)] ?? 0);
        socket.write(reply, 0, reply.length);
      }
      pos += 6 + length;
    }
    this.#kept = pos === bytes.length ? EMPTY : bytes.slice(pos);
  }
}

const BLOCK_BYTES = 1 << 20;
const EMPTY = new Uint8Array(0);
const blocks = new Map<string, ReturnType<typeof frameBlock>>();
let mixed: ReturnType<typeof mixedBlock> | undefined;

const [cert, key] = process.argv.slice(2);
if (cert === undefined || key === undefined)
  throw new Error("Cannot start the bench server: certificate and key are its arguments");
const tls = { cert: await Bun.file(cert).text(), key: await Bun.file(key).text() };
console.log(JSON.stringify({ plain: listen(undefined), secure: listen(tls) }));
for await (const _ of Bun.stdin.stream()) {
  // The parent's end of the pipe closes when the run is over, however it ended.
}
process.exit(0);
