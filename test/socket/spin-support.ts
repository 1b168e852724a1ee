import type { Socket } from "bun";
import { libc } from "../../src/ffi/libc.ts";
import { socketAddress } from "../../src/socket/address.ts";
import { checkSocketOptions } from "../../src/socket/options.ts";
import { openDescriptor } from "../../src/socket/tcp-connect.ts";
import { until } from "../helpers/wait.ts";

/** One end as a descriptor of our own, the other with Bun. */
export interface ConnectedDescriptor extends AsyncDisposable {
  readonly fd: number;
  /** The descriptor, which is then the caller's to close. */
  release(): number;
  send(bytes: Uint8Array): void;
  end(): void;
  reset(): void;
  received(count: number): Promise<number[]>;
  /** The code of the error with which the other end closed, null where it was in order. */
  closed(): Promise<string | null>;
}

export async function connectedDescriptor(): Promise<ConnectedDescriptor> {
  const library = libc();
  if (library === null) throw new Error("this platform has no libc that is known here");
  const received: number[] = [];
  let peer: Socket<undefined> | null = null;
  let code: string | null | undefined;
  const listener = Bun.listen<undefined>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      open: (socket) => {
        peer = socket;
      },
      data: (_, chunk) => void received.push(...chunk),
      close: (_, error) => {
        code = (error as { code?: string } | undefined)?.code ?? null;
      },
      error() {},
    },
  });
  const options = { port: listener.port, secure: false, socket: checkSocketOptions({}) };
  let fd = openDescriptor(library, { address: "127.0.0.1", family: 4 }, options);
  await until(() => peer !== null && library.peerAddress(fd, new Uint8Array(28)) > 0);
  const other = peer as unknown as Socket<undefined>;
  return {
    fd,
    release() {
      const released = fd;
      fd = -1;
      return released;
    },
    send: (bytes) => void other.write(bytes),
    end: () => void other.shutdown(),
    reset: () => void other.terminate(),
    async received(count) {
      await until(() => received.length >= count);
      return received;
    },
    async closed() {
      await until(() => code !== undefined);
      return code ?? null;
    },
    async [Symbol.asyncDispose]() {
      if (fd >= 0) library.close(fd);
      listener.stop(true);
    },
  };
}

/** `sockaddr` bytes of an address. */
export function addressBytesOf(address: string, family: 4 | 6, port: number): Uint8Array {
  const library = libc();
  if (library === null) throw new Error("this platform has no libc that is known here");
  return socketAddress(library, { address, family }, port);
}
