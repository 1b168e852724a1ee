import { describe, expect, test } from "bun:test";
import { TimeoutError, UsageError } from "../../src/codec/errors.ts";
import { libc } from "../../src/ffi/libc.ts";
import { socketAddress } from "../../src/socket/address.ts";
import { adopt } from "../../src/socket/adopt.ts";
import { AbortedError, ConnectError } from "../../src/socket/errors.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { identity, testPath } from "../helpers/certificates.ts";
import { until } from "../helpers/wait.ts";
import { blackhole, bytesOf, openDescriptors, Recorder, rejection, serve } from "./support.ts";

const CONFIG = new TlsConfig({ ca: testPath("ca.crt") });

/** A descriptor that is connecting to a port of this machine. */
function connecting(port: number): number {
  const library = libc();
  if (library === null) throw new Error("libc does not open on this platform");
  const fd = library.openSocket(library.constants.AF_INET);
  library.connect(fd, socketAddress(library, { address: "127.0.0.1", family: 4 }, port));
  return fd;
}

/** One whose connection stands before it is handed over. */
async function connected(port: number): Promise<number> {
  const fd = connecting(port);
  await until(() => (libc()?.peerAddress(fd, new Uint8Array(28)) ?? 0) > 0);
  return fd;
}

describe.each([
  ["connecting", connecting],
  ["connected", connected],
] as const)("a descriptor that is %s", (_state, make) => {
  test("becomes a socket, plain or under TLS", async () => {
    for (const tls of [null, CONFIG]) {
      using server = serve({
        ...(tls === null ? {} : { tls: identity("localhost") }),
        onData: (socket, chunk) => socket.write(chunk),
      });
      const fd = await make(server.port);
      const socket = await adopt(fd, { tls });
      expect([socket.fd, socket.secure, socket.remoteAddress, socket.remotePort]).toEqual([
        fd,
        tls !== null,
        "127.0.0.1",
        server.port,
      ]);
      const recorder = new Recorder();
      socket.attach(recorder);
      socket.write(bytesOf("hello"), 0, 5);
      await until(() => recorder.text === "hello");
      socket.terminate();
    }
  });

  test.each([
    ["self-signed", "localhost", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["expired", "localhost", "CERT_HAS_EXPIRED"],
    ["wrong-name", "localhost", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["wrong-name", null, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("meets a certificate that is %s for %s, sends nothing and is closed", async (certificate, serverName, reason) => {
    using server = serve({ tls: identity(certificate) });
    const descriptors = openDescriptors();
    const fd = await make(server.port);
    const promise = adopt(fd, { tls: CONFIG, ...(serverName === null ? {} : { serverName }) });
    const error = await rejection(promise, ConnectError);
    expect(error).toMatchObject({ code: "TLS_VERIFICATION_FAILED", phase: "tls", reason });
    await until(() => server.closes.length === 1 && openDescriptors() <= descriptors);
    expect(server.received().length).toBe(0);
  });
});

test("a peer that says nothing, an abort, and a refusal close the descriptor", async () => {
  using server = serve();
  using hole = blackhole();
  const descriptors = openDescriptors();
  const silent = await rejection(adopt(await connected(server.port), { tls: CONFIG, timeout: 300 }), TimeoutError);
  expect(silent).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "tls" });
  const unreachable = await rejection(adopt(connecting(hole.port), { timeout: 20 }), TimeoutError);
  expect(unreachable).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "tcp" });
  const aborted = await rejection(adopt(await connected(server.port), { signal: AbortSignal.abort() }), AbortedError);
  expect(aborted.phase).toBe("tcp");
  const refused = await rejection(adopt(connecting(1)), ConnectError);
  expect(refused).toMatchObject({ code: "CONNECT_REFUSED", phase: "tcp", osCode: "ECONNREFUSED" });
  await until(() => server.closes.length === server.sockets.length && openDescriptors() <= descriptors);
});

test("what is no descriptor is a UsageError", async () => {
  for (const fd of [-1, 1.5, Number.NaN])
    expect(await rejection(adopt(fd), UsageError)).toMatchObject({ code: "CONNECT_BAD_TARGET" });
});
