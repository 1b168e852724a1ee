import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ConnectError } from "../../src/socket/errors.ts";
import { spinConnect } from "../../src/socket/spin-connect.ts";
import { scratchMemory } from "../../src/socket/spin-memory.ts";
import type { SpinTransport } from "../../src/socket/spin-transport.ts";
import { TlsConfig, type TlsOptions } from "../../src/socket/tls-config.ts";
import { testPath } from "../helpers/certificates.ts";

let server: Bun.Subprocess;
let ports: Record<string, number> = {};
let answer: (seen: Record<string, number>) => void = () => {};
beforeAll(async () => {
  const { promise, resolve } = Promise.withResolvers<Record<string, number>>();
  server = Bun.spawn({
    cmd: [process.execPath, fileURLToPath(new URL("./peers/spin-tls-server.ts", import.meta.url))],
    stdio: ["ignore", "inherit", "inherit"],
    ipc(message: { ports?: Record<string, number>; seen?: Record<string, number> }) {
      if (message.ports !== undefined) resolve(message.ports);
      else answer(message.seen ?? {});
    },
  });
  ports = await promise;
});
afterAll(async () => {
  server.kill();
  await server.exited;
});

const ca = testPath("ca.crt");
function open(name: string, options: TlsOptions = { ca }, hostname = "localhost", tlsTimeout = 5_000): SpinTransport {
  const target = {
    hostname,
    port: ports[name] ?? 0,
    secure: true,
    proxy: null,
    addresses: [{ address: "127.0.0.1", family: 4 } as const],
    where: `${hostname}:${ports[name]}`,
    deadline: performance.now() + 10_000,
  };
  const tls = new TlsConfig(options);
  const settings = { tls, socket: {}, proxy: null, connectTimeout: 10_000, tlsTimeout, signal: null };
  return spinConnect(target, settings, false);
}

function failure(name: string, options?: TlsOptions, hostname?: string, tlsTimeout?: number): ConnectError {
  try {
    open(name, options, hostname, tlsTimeout).terminate();
  } catch (error) {
    if (error instanceof ConnectError) return error;
    throw error;
  }
  throw new Error("it was to fail");
}

/** What the peer gives, up to `count` bytes. */
function receive(transport: SpinTransport, count: number): Uint8Array {
  const { bytes, address } = scratchMemory(count);
  const end = performance.now() + 20_000;
  let length = 0;
  while (length < count && performance.now() < end) {
    const came = transport.receive(address + length, count - length);
    if (came < 0) break;
    length += came;
    if (came === 0) transport.wait(false, 50);
  }
  return bytes.subarray(0, length);
}

const text = (transport: SpinTransport, said: string): string => {
  const bytes = new TextEncoder().encode(said);
  transport.write(bytes, 0, bytes.length);
  return new TextDecoder().decode(receive(transport, bytes.length));
};

test("a good certificate, for a name, an IP literal, and a name given apart", () => {
  for (const [options, hostname] of [
    [{ ca }, "localhost"],
    [{ ca }, "127.0.0.1"],
    [{ ca, serverName: "localhost" }, "elsewhere.example"],
  ] as const) {
    const tls = open("localhost", options, hostname);
    expect([tls.secure, text(tls, "hello")]).toEqual([true, "hello"]);
    tls.close();
  }
});

test("a certificate that is not good is refused by the name of its fault, and no byte leaves", async () => {
  const cases: [name: string, reason: string, options?: TlsOptions, hostname?: string][] = [
    ["self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["expired", "CERT_HAS_EXPIRED"],
    ["wrong-name", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["localhost", "ERR_TLS_CERT_ALTNAME_INVALID", { ca }, "elsewhere.example"],
    ["localhost", "ERR_TLS_CERT_ALTNAME_INVALID", { ca }, "127.0.0.9"],
    ["localhost", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", {}],
  ];
  const before = await seenBytes();
  const descriptors = readdirSync("/proc/self/fd").length;
  for (const [name, reason, options, hostname] of cases) {
    const error = failure(name, options, hostname);
    expect([error.code, error.phase, error.reason]).toEqual(["TLS_VERIFICATION_FAILED", "tls", reason]);
    expect(error.message).toContain(`at 127.0.0.1:${ports[name]}: ${reason}`);
  }
  expect(readdirSync("/proc/self/fd").length).toBe(descriptors);
  expect(await seenBytes()).toEqual(before);
});

test("with rejectUnauthorized false any certificate will do", () => {
  for (const name of ["self-signed", "expired", "wrong-name"]) {
    const tls = open(name, { rejectUnauthorized: false });
    expect(text(tls, name)).toBe(name);
    tls.terminate();
  }
});

test("a client certificate is shown where the server asks for one, its key encrypted or not", () => {
  for (const identity of [
    { key: testPath("client.key") },
    { key: testPath("client-encrypted.key"), passphrase: PASSPHRASE },
  ]) {
    const tls = open("wants-certificate", { ca, cert: testPath("client.crt"), ...identity });
    expect(text(tls, "known")).toBe("known");
    tls.close();
  }
  const tls = open("wants-certificate");
  expect(text(tls, "unknown")).toBe("");
  expect(tls.fault).toMatchObject({ code: expect.stringMatching(/^CONNECTION_(?:TLS_FAULT|RESET)$/) });
  tls.terminate();
});

test("TLS 1.3 and 1.2 are spoken, and no less than is asked for; ALPN agrees", () => {
  const newest = open("localhost", { ca, minVersion: "TLSv1.3" });
  const older = open("tls-1.2");
  const agreed = open("alpn", { ca, alpn: ["other", "http/1.1"] });
  expect([newest.tls?.version, older.tls?.version, agreed.tls?.alpnProtocol, newest.tls?.alpnProtocol]).toEqual([
    "TLSv1.3",
    "TLSv1.2",
    "http/1.1",
    null,
  ]);
  for (const tls of [newest, older, agreed]) {
    expect(text(tls, "hello")).toBe("hello");
    tls.close();
  }
  expect(failure("tls-1.2", { ca, minVersion: "TLSv1.3" }).code).toBe("TLS_HANDSHAKE_FAILED");
});

test("a peer that speaks no TLS, hangs up, or says nothing", () => {
  expect(failure("speaks-http").code).toBe("TLS_HANDSHAKE_FAILED");
  expect(failure("hangs-up").message).toMatch(/^Cannot complete TLS with localhost at 127\.0\.0\.1:\d+: /);
  expect(() => open("silent", { ca }, "localhost", 30)).toThrow(/: 30 ms ran out during tls$/);
});

test("much goes out in order though the peer is slow, and the end comes in order", async () => {
  const before = (await seenBytes())["localhost"] ?? 0;
  const tls = open("localhost");
  const large = new Uint8Array(5 << 20).fill(6);
  for (let sent = 0; sent < large.length || tls.owes; ) {
    if (sent < large.length) sent += Math.max(0, tls.write(large, sent, large.length - sent));
    else tls.flush();
    tls.wait(true, 10);
  }
  let arrived = 0;
  while (arrived < large.length) {
    await Bun.sleep(5);
    arrived = ((await seenBytes())["localhost"] ?? 0) - before;
  }
  expect(arrived).toBe(large.length);
  tls.terminate();
  const other = open("localhost");
  expect(text(other, "bye")).toBe("bye");
  expect([receive(other, 1).length, other.fault]).toEqual([0, null]);
  other.shutdown();
  expect(other.write(large, 0, 1)).toBe(-1);
  other.close();
  other.close();
  expect([other.closed, other.holds, other.owes, other.socketInfo()]).toEqual([true, false, false, null]);
});

async function seenBytes(): Promise<Record<string, number>> {
  const { promise, resolve } = Promise.withResolvers<Record<string, number>>();
  answer = resolve;
  server.send("seen");
  return { ...(await promise) };
}

/** As test/fixtures/tls/generate.sh has it. */
const PASSPHRASE = "test";
