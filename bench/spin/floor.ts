import { addressOf, spinCalls } from "../../src/ffi/spin-calls.ts";
import { TlsConfig } from "../../src/socket/mod.ts";
import { type SpinMemory, scratchMemory } from "../../src/socket/spin-memory.ts";
import { TlsCodec } from "../../src/spin/mod.ts";
import { type Contender, contend, Stopwatch } from "../contenders/contender.ts";
import { BINARY, encodeFrame } from "../corpus.ts";

/**
 * The floor: a bare loop over `send(2)` and `recv(2)` by FFI, and under TLS over what OpenSSL makes of their bytes. It counts bytes, looks at
 * none of them, and spins.
 */
const floor: Contender = {
  async receive(url, ca, wireBytes) {
    const socket = await dial(url, ca);
    const stopwatch = new Stopwatch();
    socket.send(GO);
    let bytes = 0;
    while (bytes < wireBytes) bytes += socket.receive();
    const elapsed = stopwatch.stop();
    socket.close();
    return { messages: null, bytes, checksum: 0, end: null, elapsed };
  },

  examine: null,

  async echo(url, ca, payload, count, record) {
    const socket = await dial(url, ca);
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
  /** Where what was received lies. */
  readonly memory: SpinMemory;
  send(frame: Uint8Array): void;
  /** How many bytes came; 0 for none. */
  receive(): number;
  close(): void;
}

/** Connects, asks for the upgrade and takes the answer, whose bytes are not counted. */
async function dial(url: string, ca: string | null): Promise<BareSocket> {
  const { host, pathname, search } = new URL(url);
  const bare = connect(url);
  const socket = ca === null ? bare : secured(bare, ca);
  socket.send(
    Buffer.from(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ),
  );
  while (socket.receive() === 0);
  return socket;
}

function connect(url: string): BareSocket {
  const calls = spinCalls();
  if (calls === null) throw new Error("Cannot run the floor: this platform has no libc that is known here");
  const { hostname, port } = new URL(url);
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
  const memory = scratchMemory(64 << 10);
  return {
    memory,
    send(frame) {
      if (calls.send(fd, addressOf(frame), frame.length) !== frame.length)
        throw new Error("Cannot run the floor: a send was cut short");
    },
    receive() {
      const count = calls.receive(fd, memory.address, memory.bytes.length);
      if (count > 0 || count === -calls.constants.EAGAIN) return Math.max(0, count);
      throw new Error(`Cannot run the floor: recv gave ${count}`);
    },
    close: () => void library.close(fd),
  };
}

/** TLS over it, in one buffer each for what comes and what goes. */
function secured(bare: BareSocket, ca: string): BareSocket {
  const codec = new TlsCodec(new TlsConfig({ ca }), "127.0.0.1", true);
  const plain = scratchMemory(64 << 10);
  const sealed = scratchMemory(32 << 10);
  const flush = (): void => {
    while (codec.wantsWrite) bare.send(sealed.bytes.subarray(0, codec.writeTls(sealed.address, sealed.bytes.length)));
  };
  const take = (): number => {
    const count = bare.receive();
    if (count > 0) codec.readTls(bare.memory.address, count);
    return count;
  };
  const open = (): number => {
    const count = codec.plaintext(plain.address, plain.bytes.length);
    if (count < 0) throw new Error(`Cannot run the floor: ${codec.reason()}`);
    return count;
  };
  for (let state = codec.handshake(); state <= 0; state = codec.handshake()) {
    if (state < 0) throw new Error(`Cannot run the floor: ${codec.reason()}`);
    flush();
    while (take() === 0);
  }
  flush();
  return {
    memory: plain,
    send(frame) {
      codec.encrypt(addressOf(frame), frame.length);
      flush();
    },
    receive() {
      const count = open();
      return count > 0 || take() === 0 ? count : open();
    },
    close() {
      codec.free();
      bare.close();
    },
  };
}

const GO = encodeFrame(BINARY, new Uint8Array(2), true, new Uint8Array(4));

await contend(floor);
