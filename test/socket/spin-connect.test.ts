import { expect, test } from "bun:test";
import type { IpAddress } from "../../src/socket/address.ts";
import type { UrlDialSettings } from "../../src/socket/dial-url.ts";
import { spinConnect } from "../../src/socket/spin-connect.ts";
import { type SpinTarget, spinTarget, spinTargetNow } from "../../src/socket/spin-target.ts";

const settings = (more: Partial<UrlDialSettings> = {}): UrlDialSettings => ({
  tls: null,
  socket: {},
  proxy: null,
  connectTimeout: 5_000,
  tlsTimeout: 5_000,
  signal: null,
  ...more,
});
const listen = () => Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {}, error() {} } });
const target = (addresses: readonly IpAddress[], port: number, timeout = 5_000): SpinTarget => ({
  hostname: "h",
  port,
  secure: false,
  proxy: null,
  addresses,
  where: `h:${port}`,
  deadline: performance.now() + timeout,
});
const LOOPBACK: IpAddress = { address: "127.0.0.1", family: 4 };
/** Nobody listens there: only 127.0.0.1 is bound. */
const REFUSING: IpAddress = { address: "127.0.0.2", family: 4 };
/** TEST-NET-1: no answer comes from there, if not a router's refusal. */
const SILENT: IpAddress = { address: "192.0.2.1", family: 4 };

test("the next address is tried at once after a refusal, and 250 ms after silence", () => {
  const listener = listen();
  for (const first of [REFUSING, SILENT]) {
    const socket = spinConnect(target([first, LOOPBACK], listener.port), settings(), false);
    expect(socket.socketInfo()).toMatchObject({ remoteAddress: "127.0.0.1", remotePort: listener.port });
    socket.terminate();
    expect([socket.closed, socket.fd, socket.socketInfo()]).toEqual([true, -1, null]);
  }
  listener.stop(true);
});

test("where all fail the error lists them", () => {
  const both = [REFUSING, { address: "127.0.0.3", family: 4 } as const];
  expect(() => spinConnect(target(both, 1), settings(), false)).toThrow(
    /^Cannot connect to h:1: all 2 addresses failed: 127\.0\.0\.2:1 ECONNREFUSED, 127\.0\.0\.3:1 ECONNREFUSED$/,
  );
  expect(() => spinConnect(target([REFUSING], 1), settings(), false)).toThrow(
    "Cannot connect to 127.0.0.2:1: ECONNREFUSED",
  );
});

test("an option that the kernel refuses ends it, and time does", () => {
  const socket = { localAddress: "203.0.113.9" };
  expect(() => spinConnect(target([LOOPBACK, REFUSING], 1), settings({ socket }), false)).toThrow(
    "Cannot set socket option localAddress: the kernel refused 203.0.113.9 (EADDRNOTAVAIL)",
  );
  expect(() => spinConnect(target([SILENT], 1, 0), settings(), false)).toThrow(
    /ms ran out during tcp$|192\.0\.2\.1:1: E(?:NETUNREACH|HOSTUNREACH)$/,
  );
});

test("names are resolved by the event loop alone", async () => {
  const url = { hostname: "localhost", port: 80, secure: false };
  expect((await spinTarget(url, settings())).addresses.length).toBeGreaterThan(0);
  expect(() => spinTargetNow(url, settings())).toThrow("Cannot connect to localhost without an event loop");
  expect(spinTargetNow({ ...url, hostname: "[::1]" }, settings()).addresses).toEqual([{ address: "::1", family: 6 }]);
});

test("what it cannot do is said before anything is resolved", async () => {
  const url = { hostname: "name.invalid", port: 80, secure: false };
  await expect(spinTarget(url, settings({ socket: { priority: -1 } }))).rejects.toMatchObject({
    code: "SOCKET_OPTION_INVALID",
  });
  for (const proxy of ["", "127.0.0.1:3128"]) {
    await expect(spinTarget(url, settings({ proxy }))).rejects.toMatchObject({ code: "PROXY_INVALID" });
    expect(() => spinTargetNow({ ...url, hostname: "127.0.0.1" }, settings({ proxy }))).toThrow(
      "Cannot use option proxy",
    );
  }
  await expect(spinTarget({ ...url, port: 0 }, settings())).rejects.toMatchObject({ code: "CONNECT_BAD_TARGET" });
  const secure = { ...url, secure: true };
  await expect(spinTarget(secure, settings({ proxy: "https://127.0.0.1:1" }))).rejects.toMatchObject({
    code: "PROXY_TLS_IN_TLS",
  });
  await expect(spinTarget(url, settings({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: "ABORTED" });
});

test("what a proxy is asked for it resolves: only its own name is needed here", async () => {
  const url = { hostname: "name.invalid", port: 80, secure: false };
  const proxy = "socks5://127.0.0.1:1";
  const addresses = [LOOPBACK];
  expect(spinTargetNow(url, settings({ proxy }))).toMatchObject({
    ...url,
    addresses,
    where: "name.invalid:80 by proxy 127.0.0.1:1",
  });
  expect((await spinTarget(url, settings({ proxy }))).where).toBe("name.invalid:80 by proxy 127.0.0.1:1");
  const named = settings({ proxy: "socks5://proxy.invalid:1" });
  expect(() => spinTargetNow({ ...url, hostname: "127.0.0.1" }, named)).toThrow(
    "Cannot connect to proxy.invalid without",
  );
  await expect(spinTarget(url, named)).rejects.toMatchObject({ code: "PROXY_UNREACHABLE", phase: "proxy" });
  const aborted = settings({ proxy: "socks5://proxy.invalid:1", signal: AbortSignal.abort() });
  await expect(spinTarget(url, aborted)).rejects.toMatchObject({ code: "ABORTED", phase: "proxy" });
});
