import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { ClientPool } from "../../src/pool/client-pool.ts";
import type { ClientPoolOptions } from "../../src/pool/options.ts";
import { until } from "../helpers/wait.ts";
import { codeOf, failureOf, fetchOn, Journal, ok, TestServer } from "./support.ts";

function connect(server: TestServer, options: Omit<ClientPoolOptions, "url">): Promise<ClientPool> {
  return ClientPool.connect({ url: server.url, ...options });
}

/** Figures of a process that has nothing but a pool whose server stopped. */
async function stoppedServer(way: "asked" | "idle") {
  const script = fileURLToPath(new URL("./children/stopped-server.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, script, way], { stdout: "pipe", stderr: "inherit" });
  const figures = JSON.parse(await child.stdout.text());
  expect(await child.exited).toBe(0);
  return figures;
}

describe("back-off", () => {
  test("doubles from initialDelay to maxDelay, and begins anew once connected", async () => {
    using server = new TestServer();
    const journal = new Journal();
    const reconnect = { initialDelay: 4, maxDelay: 50, jitter: 0 };
    await using pool = await connect(server, { reconnect, events: journal.events });
    // The connection has carried something: its end is no sign of a server that takes none.
    for (let round = 0; round < 2; round++) {
      const slot = await pool.acquire();
      expect(await fetchOn(slot, "/")).toBe("/");
      slot.release();
      journal.delays.length = 0;
      server.stop();
      await until(() => journal.delays.length >= 6);
      expect(journal.delays.slice(0, 6)).toEqual([4, 8, 16, 32, 50, 50]);
      const connected = journal.count("connected");
      server.start();
      await until(() => journal.count("connected") === connected + 1);
    }
    expect(pool.stats()).toMatchObject({ idle: 1, reconnects: 2 });
    expect(pool.stats().attempts).toBe(1 + 2 + journal.count("connectFailed"));
  });

  test("each delay is shortened by up to its share of jitter, and they differ", async () => {
    const server = new TestServer();
    const journal = new Journal();
    const reconnect = { initialDelay: 20, maxDelay: 20, jitter: 0.5 };
    const pool = await connect(server, { connections: 8, reconnect, events: journal.events });
    server.stop();
    await until(() => journal.delays.length >= 100);
    pool.destroy();
    expect(Math.min(...journal.delays)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...journal.delays)).toBeLessThanOrEqual(20);
    expect(new Set(journal.delays).size).toBeGreaterThan(5);
  });

  test("of those that wait for one server one goes ahead, and the others follow once it is there", async () => {
    using server = new TestServer();
    const journal = new Journal();
    const reconnect = { initialDelay: 200, maxDelay: 200, jitter: 0.9 };
    await using pool = await connect(server, { connections: 8, reconnect, events: journal.events });
    const slots = await Promise.all(Array.from({ length: 8 }, () => pool.acquire()));
    await Promise.all(slots.map((slot) => fetchOn(slot, "/")));
    for (const slot of slots) slot.release();
    server.stop();
    // At first each finds out for itself.
    await until(() => journal.delays.length >= 8 + 6);
    const failed = journal.lines.filter((line) => line.startsWith("connectFailed"));
    expect(new Set(failed.slice(0, 8)).size).toBe(8);
    expect(new Set(failed.slice(8)).size).toBe(1);
    server.start();
    await until(() => pool.stats().idle === 8);
    expect(pool.stats()).toMatchObject({ reconnects: 8, attempts: 8 + journal.delays.length + 8 });
  });

  test("one attempt at a time, however many ask", async () => {
    let held = false;
    using server = new TestServer({ answer: ({ target }) => (held ? null : ok(target)) });
    await using pool = await connect(server, { warmUp: "/warm" });
    const slot = await pool.acquire();
    await fetchOn(slot, "/used");
    slot.release();
    held = true;
    server.open[0]?.reset();
    await until(() => pool.stats().reconnecting === 1);
    const waiting = Array.from({ length: 50 }, (_, n) => pool.acquire({ timeout: n % 2 === 0 ? 5_000 : 0 }));
    const outcomes = Promise.allSettled(waiting);
    await until(() => server.targets.length === 3);
    pool.tryAcquire();
    await Bun.sleep(20);
    expect(server.targets.length).toBe(3);
    expect(pool.stats()).toMatchObject({ attempts: 2, waiters: 50, reconnecting: 1 });
    pool.destroy();
    expect((await outcomes).every(({ status }) => status === "rejected")).toBe(true);
  });

  test("a stopped server costs few attempts, also while slots are asked for all the time, by every way", async () => {
    const { times, lent, codes, cpu, attempts, waiters } = await stoppedServer("asked");
    expect(times).toBeGreaterThan(20);
    expect(lent).toBe(0);
    expect(codes).toEqual(["POOL_ACQUIRE_TIMEOUT,POOL_ACQUIRE_TIMEOUT"]);
    // By the back-off 0, 100, 300, 700 and 1,500 ms after the end, and one more a second for who waits: 30 s make 50 at the most.
    expect(attempts / 3).toBeLessThanOrEqual(10);
    expect(cpu).toBeLessThan(1_000);
    expect(waiters).toBe(0);
  }, 20_000);

  test("a stopped server costs nothing but the attempts where nobody asks", async () => {
    const { cpu, attempts } = await stoppedServer("idle");
    expect(attempts).toBeLessThanOrEqual(2 * 6);
    expect(cpu).toBeLessThan(300);
  });

  test.each(["FIN", "RST"])(
    "a server that accepts and ends what it accepted by %s is not asked in a circle",
    async (way) => {
      let hostile = false;
      using server = new TestServer({
        onAccept: (peer) => {
          if (!hostile) return;
          if (way === "FIN") peer.fin();
          else peer.reset();
        },
      });
      const journal = new Journal();
      const reconnect = { initialDelay: 20, maxDelay: 200, jitter: 0 };
      await using pool = await connect(server, { reconnect, events: journal.events });
      hostile = true;
      server.open[0]?.reset();
      await until(() => server.peers.length > 1);
      await Bun.sleep(500);
      // 20, 40, 80, 160, 200 ms apart.
      expect(server.peers.length).toBeLessThanOrEqual(8);
      expect(journal.delays.slice(0, 3)).toEqual([20, 40, 80]);
      expect(journal.lines.join()).toContain("POOL_CONNECTION_SHORT_LIVED");
      hostile = false;
      using slot = await pool.acquire({ timeout: 5_000 });
      expect(await fetchOn(slot, "/")).toBe("/");
    },
  );

  test("a server that ends each connection behind its warm-up is backed off from, and said to be", async () => {
    let hostile = false;
    using server = new TestServer({ answer: ({ target }) => ok(target, hostile ? "Connection: close\r\n" : "") });
    const journal = new Journal();
    const reconnect = { initialDelay: 20, maxDelay: 100, jitter: 0 };
    await using pool = await connect(server, { reconnect, warmUp: "/", events: journal.events });
    hostile = true;
    server.open[0]?.reset();
    await until(() => pool.stats().reconnecting === 1);
    const error = await failureOf(pool.acquire({ timeout: 150 }));
    expect(codeOf(error)).toBe("POOL_ACQUIRE_TIMEOUT");
    expect(codeOf(error.cause)).toBe("POOL_CONNECTION_SHORT_LIVED");
    expect(server.peers.length).toBeLessThanOrEqual(7);
  });
});

describe("acquire while all are dead", () => {
  test("the error's cause is the last connect error", async () => {
    const server = new TestServer();
    const pool = await connect(server, { connections: 2, reconnect: { initialDelay: 5 } });
    server.stop();
    await until(() => pool.stats().reconnecting === 2);
    const error = await failureOf(pool.acquire({ timeout: 50 }));
    expect([codeOf(error), codeOf(error.cause)]).toEqual(["POOL_ACQUIRE_TIMEOUT", "CONNECT_REFUSED"]);
    pool.destroy();
  });

  test("timeout 0: one attempt, and its error", async () => {
    const server = new TestServer();
    const journal = new Journal();
    const reconnect = { initialDelay: 60_000, maxDelay: 60_000, jitter: 0 };
    const pool = await connect(server, { reconnect, events: journal.events });
    server.stop();
    await until(() => journal.count("connectFailed") === 1);
    const { attempts } = pool.stats();
    // The attempt at the connection's death, a moment ago, counts.
    const error = await failureOf(pool.acquire({ timeout: 0 }));
    expect(["CONNECT_REFUSED", "POOL_CONNECTION_SHORT_LIVED"]).toContain(codeOf(error));
    expect(pool.stats()).toMatchObject({ attempts, waiters: 0 });
    pool.destroy();
  });

  test("timeout 0 where the last attempt is a while ago: a fresh one, which may succeed", async () => {
    using server = new TestServer();
    const journal = new Journal();
    const reconnect = { initialDelay: 1_000, maxDelay: 60_000, jitter: 0 };
    await using pool = await connect(server, { reconnect, events: journal.events });
    server.stop();
    await until(() => journal.count("connectFailed") === 2);
    server.start();
    // The next attempt of its own is 2 s after the second one.
    await Bun.sleep(1_050);
    const { attempts } = pool.stats();
    using slot = await pool.acquire({ timeout: 0 });
    expect(pool.stats().attempts).toBe(attempts + 1);
    expect(await fetchOn(slot, "/")).toBe("/");
  });

  test("timeout 0 joins an attempt that is under way, and its signal ends the waiting", async () => {
    let held = false;
    using server = new TestServer({ answer: ({ target }) => (held ? null : ok(target)) });
    await using pool = await connect(server, { warmUp: "/" });
    held = true;
    server.open[0]?.reset();
    await until(() => server.targets.length === 2);
    const controller = new AbortController();
    const aborted = failureOf(pool.acquire({ timeout: 0, signal: controller.signal }));
    const joined = pool.acquire({ timeout: 0 });
    controller.abort();
    expect(codeOf(await aborted)).toBe("POOL_ACQUIRE_ABORTED");
    server.open[0]?.send(ok("/"));
    held = false;
    using slot = await joined;
    expect(pool.stats().attempts).toBe(2);
    expect(await fetchOn(slot, "/x")).toBe("/x");
  });

  test("the first success serves the line in order", async () => {
    using server = new TestServer();
    await using pool = await connect(server, { connections: 3, reconnect: { initialDelay: 10 } });
    server.stop();
    await until(() => pool.stats().reconnecting === 3);
    const order: number[] = [];
    const waiting = Array.from({ length: 12 }, async (_, n) => {
      using slot = await pool.acquire({ timeout: 10_000 });
      order.push(n);
      expect(await fetchOn(slot, `/${n}`)).toBe(`/${n}`);
    });
    server.start();
    await Promise.all(waiting);
    expect(order).toEqual(Array.from({ length: 12 }, (_, n) => n));
    await until(() => pool.stats().idle === 3);
  });

  test("whoever waits does not wait for the end of a long back-off", async () => {
    using server = new TestServer();
    const journal = new Journal();
    const reconnect = { initialDelay: 500, maxDelay: 60_000, jitter: 0 };
    await using pool = await connect(server, { reconnect, events: journal.events });
    const slot = await pool.acquire();
    await fetchOn(slot, "/");
    server.stop();
    slot.release();
    // At 0, 500 and 1,500 ms; the next of its own is 2 s later.
    await until(() => journal.delays.length === 3);
    server.start();
    await Bun.sleep(1_050);
    const asked = performance.now();
    using next = await pool.acquire({ timeout: 5_000 });
    expect(await fetchOn(next, "/")).toBe("/");
    expect(journal.delays.at(-1)).toBe(2_000);
    expect(performance.now() - asked).toBeLessThan(900);
  }, 20_000);
});

describe("warmUp and keepWarm", () => {
  test("each connection has carried the warm-up before it is lent, with the default headers and base path", async () => {
    using server = new TestServer();
    const options = { connections: 3, warmUp: "/warm?x=1", basePath: "/v1", defaultHeaders: { "X-Key": "k" } };
    await using pool = await connect(server, options);
    expect(server.targets).toEqual(["/v1/warm?x=1", "/v1/warm?x=1", "/v1/warm?x=1"]);
    expect(server.peers[0]?.seen[0]?.fields).toContain("X-Key: k");
    using slot = await pool.acquire();
    expect(await fetchOn(slot, "/x")).toBe("/v1/x");
  });

  test("a reconnect is warmed up too, and not lent before", async () => {
    let held = false;
    using server = new TestServer({ answer: ({ target }) => (held ? null : ok(target)) });
    await using pool = await connect(server, { warmUp: "/warm" });
    held = true;
    server.open[0]?.reset();
    await until(() => server.targets.length === 2);
    expect(pool.tryAcquire()).toBeNull();
    expect(pool.stats().reconnecting).toBe(1);
    server.open[0]?.send(ok("warm"));
    held = false;
    using slot = await pool.acquire();
    expect(await fetchOn(slot, "/x")).toBe("/x");
  });

  test("any status will do", async () => {
    using server = new TestServer({ answer: () => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" });
    await using pool = await connect(server, { warmUp: "/none" });
    expect(pool.stats().idle).toBe(1);
  });

  test("a warm-up that is not answered is a failed attempt after connectTimeout", async () => {
    using server = new TestServer({ answer: () => null });
    const error = await failureOf(connect(server, { warmUp: "/", connectTimeout: 30 }));
    expect(codeOf(error)).toBe("REQUEST_TIMEOUT");
    await until(() => server.open.length === 0);
  });

  test("keepWarm asks again on each idle connection, and on none that is used", async () => {
    using server = new TestServer();
    await using pool = await connect(server, { connections: 3, warmUp: "/warm", keepWarm: 30 });
    await until(() => server.peers.every(({ seen }) => seen.length >= 4));
    // One that is lent is left alone.
    const slot = await pool.acquire();
    const port = slot.connection.transport;
    await until(() => server.peers.filter(({ seen }) => seen.length >= 8).length >= 2);
    const counts = server.peers.map(({ seen }) => seen.length).sort((a, b) => a - b);
    expect(counts[0]).toBeLessThan(8);
    expect(slot.connection.transport).toBe(port);
    slot.release();
    expect(new Set(server.targets)).toEqual(new Set(["/warm"]));
    expect(server.peers.length).toBe(3);
  });

  test("a connection in use often enough is not warmed", async () => {
    using server = new TestServer();
    await using pool = await connect(server, { warmUp: "/warm", keepWarm: 400 });
    const end = performance.now() + 900;
    while (performance.now() < end) {
      using slot = await pool.acquire();
      await fetchOn(slot, "/used");
      await Bun.sleep(5);
    }
    expect(server.targets.filter((target) => target === "/warm").length).toBe(1);
  });

  test("a keepWarm that fails makes the connection anew", async () => {
    let silent = false;
    using server = new TestServer({ answer: ({ target }) => (silent ? null : ok(target)) });
    const journal = new Journal();
    const options = { warmUp: "/warm", keepWarm: 20, reconnect: { initialDelay: 5 }, events: journal.events };
    await using pool = await connect(server, options);
    silent = true;
    await until(() => journal.count("died") >= 1);
    silent = false;
    await until(() => pool.stats().reconnects >= 1 && pool.stats().idle === 1);
    using slot = await pool.acquire();
    expect(await fetchOn(slot, "/x")).toBe("/x");
  });
});
