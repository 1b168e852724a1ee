import { dlopen } from "bun:ffi";
import { LIBRARY_NAMES, libc } from "../../src/ffi/libc.ts";
import { addressOf, type SpinCalls, spinCalls } from "../../src/ffi/spin-calls.ts";
import { ipLiteral, socketAddress } from "../../src/socket/address.ts";
import { Answering } from "./answering.ts";

/** Listens on a port of 127.0.0.1, for {@link serveForGood}. */
export function listenBlocking(): { fd: number; port: number } {
  const library = libc();
  const loopback = ipLiteral("127.0.0.1");
  if (library === null || loopback === null) throw new Error(NO_LIBRARY);
  const address = socketAddress(library, loopback, 0);
  const fd = library.openSocket(library.constants.AF_INET);
  if (library.bind(fd, address) < 0 || acceptingCalls().listen(fd, BACKLOG) < 0)
    throw new Error("Cannot listen on a port of 127.0.0.1");
  library.localAddress(fd, address);
  return { fd, port: new DataView(address.buffer).getUint16(2) };
}

/** Accepts one connection after the other from the listening `fd` and serves each to its end. Never returns. */
export function serveForGood(fd: number): never {
  const calls = spinCalls();
  if (calls === null) throw new Error(NO_LIBRARY);
  const { accept } = acceptingCalls();
  for (;;) {
    calls.wait(fd, false, FOREVER);
    const connection = accept(fd, null, null);
    // Another thread may have been faster.
    if (connection < 0) continue;
    serve(calls, connection);
    calls.library.close(connection);
  }
}

/** Answers until the connection ends, with a `recv(2)` that blocks and a `send(2)` a request. */
function serve(calls: SpinCalls, connection: number): void {
  const { library } = calls;
  const again = [-calls.constants.EAGAIN, -library.constants.EINTR];
  library.setOption(connection, library.constants.IPPROTO_TCP, library.constants.TCP_NODELAY, 1);
  const answering = new Answering();
  const memory = new Uint8Array(new ArrayBuffer(64 << 10));
  const address = addressOf(memory);
  for (;;) {
    const count = calls.receive(connection, address, memory.length);
    if (count < 0 && again.includes(count)) calls.wait(connection, false, FOREVER);
    else if (count <= 0) return;
    else {
      const answer = answering.next(memory.subarray(0, count));
      if (answer !== null) calls.send(connection, addressOf(answer), answer.length);
    }
  }
}

/** The two calls that only a server needs. */
function acceptingCalls() {
  for (const name of LIBRARY_NAMES) {
    try {
      return dlopen(name, SYMBOLS).symbols;
    } catch {
      // Not under this name: the next one.
    }
  }
  throw new Error(NO_LIBRARY);
}

const SYMBOLS = {
  listen: { args: ["i32", "i32"], returns: "i32" },
  accept: { args: ["i32", "ptr", "ptr"], returns: "i32" },
} as const;
const NO_LIBRARY = "Cannot run the bench server: this platform has no libc that is known here";
const BACKLOG = 128;
/** For `poll(2)`, milliseconds. */
const FOREVER = -1;
