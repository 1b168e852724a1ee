import { UsageError } from "../codec/errors.ts";
import { ConnectTask, type TaskOptions } from "./connect-task.ts";
import { adoptDescriptor } from "./tcp-connect.ts";
import type { TcpSocket } from "./tcp-socket.ts";
import type { TlsConfig } from "./tls-config.ts";

/** How to take over a descriptor. */
export interface AdoptOptions extends TaskOptions {
  /** A client's handshake is held with it first. Default null: plain TCP. */
  readonly tls?: TlsConfig | null;
  /** The name to verify and to send. Default: `tls.serverName`, or the peer's address. */
  readonly serverName?: string;
}

/**
 * Takes over a connected, or connecting, non-blocking TCP descriptor, whose options were set elsewhere. It belongs to the
 * socket from the call on, and is closed with it or when the promise rejects (but for a UsageError).
 *
 * @throws ConnectError, TimeoutError (`CONNECT_TIMEOUT`), AbortedError, UsageError
 */
export async function adopt(fd: number, options: AdoptOptions = {}): Promise<TcpSocket> {
  if (!Number.isInteger(fd) || fd < 0) {
    throw new UsageError("CONNECT_BAD_TARGET", `Cannot adopt descriptor ${fd}: it must be an integer from 0`);
  }
  const { tls = null, serverName } = options;
  const where = `descriptor ${fd}`;
  const task = new ConnectTask(where, "tcp", options);
  const attempt = adoptDescriptor(fd, tls !== null, where, (error, tcp) => {
    if (tcp === null) task.fail(error);
    else task.connected(tcp, tls, null, serverName);
  });
  task.enter("tcp", attempt);
  return task.promise;
}
