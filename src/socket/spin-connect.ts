import type { SpinCalls } from "../ffi/spin-calls.ts";
import { StampedReceive } from "../ffi/spin-stamps.ts";
import { endpoint } from "./address.ts";
import { combine, reachable } from "./dial.ts";
import type { UrlDialSettings } from "./dial-url.ts";
import { AbortedError } from "./errors.ts";
import { type CheckedSocketOptions, checkSocketOptions, unsupported } from "./options.ts";
import type { Endpoints } from "./socket-info.ts";
import { readAddress } from "./spin-address.ts";
import { closeDescriptor } from "./spin-descriptor.ts";
import { timedOut } from "./spin-errors.ts";
import { SpinRace } from "./spin-race.ts";
import { SpinSocket } from "./spin-socket.ts";
import { checkedCalls, type SpinTarget } from "./spin-target.ts";
import { spinTls } from "./spin-tls-connect.ts";
import type { SpinTransport } from "./spin-transport.ts";
import { spinTunnel } from "./spin-tunnel.ts";

/**
 * Connects while the thread waits: addresses take turns as they do in `dial`, 250 ms apart or at once after a failure. Through a proxy
 * the same holds for the proxy's, which is then asked for the target.
 * @throws ConnectError, TimeoutError (`CONNECT_TIMEOUT`), AbortedError, SocketOptionError, UsageError. Nothing stays open.
 */
export function spinConnect(target: SpinTarget, settings: UrlDialSettings, timestamps: boolean): SpinTransport {
  const { port, proxy, secure, where } = target;
  const { signal } = settings;
  if (signal?.aborted) {
    const phase = proxy === null ? "tcp" : "proxy";
    throw new AbortedError(`Cannot connect to ${where}: aborted during ${phase}`, phase, signal.reason);
  }
  const connect = (): SpinTransport => reach(target, proxy?.port ?? port, settings, timestamps);
  if (proxy === null) {
    const socket = connect();
    if (secure) settings.onPhase?.("tls");
    return secure ? spinTls(socket, target, settings) : socket;
  }
  const tunnel = spinTunnel(target, proxy, settings, connect);
  if (secure) settings.onPhase?.("tls");
  return secure ? spinTls(tunnel, target, settings) : tunnel;
}

/** The TCP connection below all else. */
function reach(target: SpinTarget, port: number, settings: UrlDialSettings, timestamps: boolean): SpinTransport {
  const { proxy, deadline } = target;
  const options = checkSocketOptions(settings.socket);
  const calls = checkedCalls();
  const race = new SpinRace(calls, reachable(target.addresses, options), port, options);
  try {
    const fd = race.run(deadline);
    if (fd === null) throw timedOut(target.where, settings.connectTimeout, "tcp");
    if (fd < 0) throw combine(race.errors, proxy === null ? target.where : endpoint(proxy.hostname, port));
    keepQuick(calls, fd, options);
    const stamped = timestamps ? StampedReceive.open(calls, fd) : null;
    if (timestamps && stamped === null) {
      closeDescriptor(calls, fd);
      throw unsupported("timestamps");
    }
    return new SpinSocket(calls, fd, endpointsOf(calls, fd), stamped);
  } finally {
    race.closeRest();
  }
}

/** The kernel leaves its quick mode by itself. */
function keepQuick({ library }: SpinCalls, fd: number, { quickAck }: CheckedSocketOptions): void {
  const { IPPROTO_TCP, TCP_QUICKACK } = library.constants;
  if (quickAck !== null && TCP_QUICKACK !== null) library.setOption(fd, IPPROTO_TCP, TCP_QUICKACK, Number(quickAck));
}

function endpointsOf({ library }: SpinCalls, fd: number): Endpoints {
  const bytes = new Uint8Array(new ArrayBuffer(28));
  const local = readAddress(library, bytes, library.localAddress(fd, bytes));
  const remote = readAddress(library, bytes, library.peerAddress(fd, bytes));
  return {
    localAddress: local.address,
    localPort: local.port,
    remoteAddress: remote.address,
    remotePort: remote.port,
  };
}
