import { afterAll, beforeAll, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { spinConnect } from "../../src/socket/spin-connect.ts";
import { scratchMemory } from "../../src/socket/spin-memory.ts";
import type { SpinTransport } from "../../src/socket/spin-transport.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
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

function open(name: string): SpinTransport {
  const target = {
    hostname: "localhost",
    port: ports[name] ?? 0,
    secure: true,
    proxy: null,
    addresses: [{ address: "127.0.0.1", family: 4 } as const],
    where: `localhost:${ports[name]}`,
    deadline: performance.now() + 10_000,
  };
  const tls = new TlsConfig({ ca: testPath("ca.crt") });
  const settings = { tls, socket: {}, proxy: null, connectTimeout: 10_000, tlsTimeout: 5_000, signal: null };
  return spinConnect(target, settings, false);
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

test("a server that wants a certificate and is shown none ends the connection with a fault", () => {
  const tls = open("wants-certificate");
  expect(text(tls, "unknown")).toBe("");
  expect(tls.fault).toMatchObject({ code: expect.stringMatching(/^CONNECTION_(?:TLS_FAULT|RESET)$/) });
  tls.terminate();
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
