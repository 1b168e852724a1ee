import { addressOf, spinCalls } from "../../src/ffi/spin-calls.ts";
import { type Contender, contend, Stopwatch } from "../contenders/contender.ts";
import { BINARY, encodeFrame } from "../corpus.ts";

/** The floor: a bare loop over `send(2)` and `recv(2)` by FFI, which counts bytes and looks at none of them. It spins. */
const floor: Contender = {
  async receive(url, _ca, wireBytes) {
    const socket = await dial(url);
    const stopwatch = new Stopwatch();
    socket.send(GO);
    let bytes = 0;
    while (bytes < wireBytes) bytes += socket.receive();
    const elapsed = stopwatch.stop();
    socket.close();
    return { messages: null, bytes, checksum: 0, end: null, elapsed };
  },

  examine: null,

  async echo(url, _ca, payload, count, record) {
    const socket = await dial(url);
    const frame = encodeFrame(BINARY, payload, true, new Uint8Array([1, 2, 3, 4]));
    const expected = frame.length - 4;
    for (let left = count; left > 0; left--) {
      const started = Bun.nanoseconds();
      socket.send(frame);
      let bytes = 0;
      while (bytes < expected) bytes += socket.receive();
      record(Bun.nanoseconds() - started);
    }
    socket.close();
  },
};

interface BareSocket {
  send(frame: Uint8Array): void;
  /** How many bytes came; 0 for none. */
  receive(): number;
  close(): void;
}

/** Connects, asks for the upgrade and takes the answer, whose bytes are not counted. */
async function dial(url: string): Promise<BareSocket> {
  const calls = spinCalls();
  if (calls === null) throw new Error("Cannot run the floor: this platform has no libc that is known here");
  const { hostname, port, host, pathname, search } = new URL(url);
  const { library } = calls;
  const address = new Uint8Array(new ArrayBuffer(16));
  const view = new DataView(address.buffer);
  view.setUint16(0, library.constants.AF_INET, true);
  view.setUint16(2, Number(port));
  address.set(hostname.split(".").map(Number), 4);
  const fd = library.openSocket(library.constants.AF_INET);
  library.connect(fd, address);
  library.setOption(fd, library.constants.IPPROTO_TCP, library.constants.TCP_NODELAY, 1);
  calls.wait(fd, true, 1_000);
  const memory = new Uint8Array(new ArrayBuffer(64 << 10));
  const at = addressOf(memory);
  const socket: BareSocket = {
    send(frame) {
      if (calls.send(fd, addressOf(frame), frame.length) !== frame.length)
        throw new Error("Cannot run the floor: a send was cut short");
    },
    receive() {
      const count = calls.receive(fd, at, memory.length);
      if (count > 0 || count === -calls.constants.EAGAIN) return Math.max(0, count);
      throw new Error(`Cannot run the floor: recv gave ${count}`);
    },
    close: () => void library.close(fd),
  };
  socket.send(
    Buffer.from(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ),
  );
  while (socket.receive() === 0);
  return socket;
}

const GO = encodeFrame(BINARY, new Uint8Array(2), true, new Uint8Array(4));

await contend(floor);
