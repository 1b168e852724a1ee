import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { SpinFeed } from "../../src/ws/spin-feed.ts";
import { testPath } from "../helpers/certificates.ts";
import { until } from "../helpers/wait.ts";
import { lineOf } from "../helpers/ws-peer.ts";
import { FakeProxy } from "../socket/fake-proxy.ts";
import { SpinServer } from "./spin-support.ts";
import { nameOf } from "./support.ts";

let server: SpinServer;
beforeAll(async () => {
  server = await SpinServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

async function readAll(feed: SpinFeed): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    try {
      const message = feed.tryRecv() ?? (await feed.recv());
      if (message === null) return lines;
      lines.push(lineOf(message.toOwned()));
    } catch (error) {
      lines.push(`error ${nameOf(error)}`);
    }
  }
}

for (const wait of ["spin", "spin-then-poll"] as const) {
  test(`messages come from the Worker and go to it, waiting by ${wait}`, async () => {
    await using feed = await SpinFeed.open(server.url("/echo"), { wait });
    expect([feed.url, feed.protocol, feed.closed]).toEqual([server.url("/echo"), "", null]);
    feed.sendText("grüße");
    expect((await feed.recv())?.text()).toBe("grüße");
    feed.sendBinary(new Uint8Array([1, 2]));
    expect((await feed.recv())?.toOwned()).toEqual({ kind: "binary", bytes: new Uint8Array([1, 2]) });
    feed.close(1000, "enough");
    expect(await readAll(feed)).toEqual(["close 1000"]);
    expect(feed.closed).toEqual({ code: 1000, reason: "" });
    expect(() => feed.sendText("x")).toThrow("Cannot send: the WebSocket is closed");
  });
}

test("a thread that does not read holds the Worker back, and loses nothing", async () => {
  await using feed = await SpinFeed.open(server.url("/flood"), { ringCapacity: 4096 });
  await Bun.sleep(100);
  let sequence = 0;
  let last = "";
  for (let message = await feed.recv(); message !== null; message = feed.tryRecv() ?? (await feed.recv())) {
    if (message.kind === "close") last = lineOf(message.toOwned());
    else if (Buffer.from(message.bytes()).readUInt32BE(0) !== sequence++) expect.unreachable();
  }
  expect([sequence, last]).toEqual([20_000, "close 1000"]);
});

test("how a stream ends is told once: an error by its code, an order, a message too large for the ring", async () => {
  await using reset = await SpinFeed.open(server.url("/reset"));
  expect(await readAll(reset)).toEqual(["error CONNECTION_RESET"]);
  expect(await readAll(reset)).toEqual([]);
  await using closed = await SpinFeed.open(server.url("/close"));
  expect(await readAll(closed)).toEqual(["text last", "close 1001 bye"]);
  await using large = await SpinFeed.open(server.url("/large"), { ringCapacity: 1 << 16 });
  expect(await readAll(large)).toEqual(["error WS_FRAME_TOO_LARGE"]);
});

test("what fails to open is told, and so is TLS", async () => {
  await expect(SpinFeed.open("ws://127.0.0.1:1/")).rejects.toMatchObject({ code: "CONNECT_REFUSED" });
  await expect(SpinFeed.open(server.url("/refuse"))).rejects.toMatchObject({ code: "HANDSHAKE_REFUSED" });
  await expect(SpinFeed.open(server.secureUrl)).rejects.toMatchObject({ code: "TLS_VERIFICATION_FAILED" });
  await expect(SpinFeed.open("ws://127.0.0.1:1/", { ringCapacity: 100 })).rejects.toMatchObject({
    code: "OPTION_OUT_OF_RANGE",
  });
  await using feed = await SpinFeed.open(server.secureUrl, { tls: { ca: testPath("ca.crt") } });
  feed.sendText("secret");
  expect((await feed.recv())?.text()).toBe("secret");
});

test("a Worker that is ended while it spins leaves no descriptor, and whoever reads is told", async () => {
  const warm = await SpinFeed.open(server.url("/silent"));
  await warm.terminate();
  const connections = (): number =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
      } catch {
        return false;
      }
    }).length;
  const before = connections();
  for (const wait of ["spin", "poll"] as const) {
    const feed = await SpinFeed.open(server.url("/silent"), { wait });
    const reading = readAll(feed);
    await feed.terminate();
    expect(await reading).toEqual(["error SPIN_WORKER_FAILED"]);
    expect((await server.ask("gone", "/silent")).gone).toBe(true);
    expect(() => feed.sendText("x")).toThrow("Cannot send");
  }
  await until(() => connections() === before);
});

test("a proxy is told as data, be it a URL, and no tunnel is no connection", async () => {
  using proxy = new FakeProxy({ to: server.port, login: "user:word" });
  const through = { url: new URL(`socks5://user:word@127.0.0.1:${proxy.port}`) };
  await using feed = await SpinFeed.open("ws://venue.invalid/echo", { proxy: through });
  feed.sendText("by proxy");
  expect((await feed.recv())?.text()).toBe("by proxy");
  expect(proxy.targets).toEqual(["venue.invalid:80"]);
  const refused = SpinFeed.open("ws://venue.invalid/echo", { proxy: `http://127.0.0.1:${proxy.port}` });
  await expect(refused).rejects.toMatchObject({ code: "PROXY_AUTH_FAILED" });
});

test("more than the ring for sending takes is refused, not cut", async () => {
  await using feed = await SpinFeed.open(server.url("/echo"));
  expect(() => feed.sendBinary(new Uint8Array(1 << 20))).toThrow(
    "Cannot send: 1048576 bytes where 131064 are the most",
  );
});
