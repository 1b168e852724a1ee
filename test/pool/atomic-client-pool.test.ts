import { describe, expect, test } from "bun:test";
import { AtomicClientPool } from "../../src/pool/atomic-client-pool.ts";
import type { AtomicClientSlot } from "../../src/pool/atomic-client-slot.ts";
import type { ClientPoolOptions } from "../../src/pool/options.ts";
import { until } from "../helpers/wait.ts";
import { SharedClient } from "./children/shared-client.ts";
import { codeOf, failureOf, Journal, ok, TestServer, thrownBy } from "./support.ts";

function connect(server: TestServer, options: Partial<ClientPoolOptions> = {}): Promise<AtomicClientPool> {
  return AtomicClientPool.connect({ url: server.url, reconnect: { initialDelay: 5 }, ...options });
}

/** Acquires, lends and has the Worker take it. */
async function lend(pool: AtomicClientPool, client: SharedClient): Promise<void> {
  const slot = await pool.acquire();
  await client.tell("take", slot.share(client.worker));
}

async function fetchOn(slot: AtomicClientSlot, path: string): Promise<string> {
  return (await slot.send(slot.writer.get(path).finish(), { timeout: 2_000 })).bodyText();
}

describe("in the pool's thread", () => {
  test("the slot used last comes first, and one of another thread's when there is no other", async () => {
    using server = new TestServer();
    await using pool = await connect(server, { connections: 3, basePath: "/api", defaultHeaders: { "X-Key": "one" } });
    const [first, second, third] = [pool.tryAcquire(), pool.tryAcquire(), pool.tryAcquire()];
    expect(pool.tryAcquire()).toBeNull();
    if (first === null || second === null || third === null) throw new Error("no slot");
    expect(await fetchOn(second, "/two")).toBe("/api/two");
    first.release();
    second.release();
    expect(pool.tryAcquire()).toBe(second);
    second.release();
    third.release();
    expect(pool.stats()).toMatchObject({ idle: 3, busy: 0, waiters: 0 });
    expect(server.peers.flatMap(({ seen }) => seen.flatMap(({ fields }) => fields))).toContain("X-Key: one");
  });

  test("what was released cannot be used, released or shared", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    const slot = await pool.acquire();
    slot.release();
    expect(thrownBy(() => slot.release()).code).toBe("POOL_NOT_ACQUIRED");
    expect(thrownBy(() => slot.connection).code).toBe("POOL_NOT_ACQUIRED");
    expect(thrownBy(() => slot.share(client.worker)).code).toBe("POOL_NOT_ACQUIRED");
    expect(pool.stats().idle).toBe(1);
  });

  test("using gives it back, and leaves alone what was shared", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    {
      using slot = await pool.acquire();
      expect(slot.index).toBe(0);
    }
    expect(pool.stats().idle).toBe(1);
    let handle: unknown;
    {
      using slot = await pool.acquire();
      handle = slot.share(client.worker);
      expect(thrownBy(() => slot.release()).message).toBe("Cannot release slot 0: it was shared");
    }
    expect(pool.stats()).toMatchObject({ idle: 0, busy: 1 });
    expect(await client.tell("take", handle)).toBe(0);
    await client.tell("release");
    expect(pool.stats()).toMatchObject({ idle: 1, busy: 0 });
  });

  test("a listener that tryAcquire calls cannot acquire", async () => {
    using server = new TestServer({ answer: ({ target }) => ok(target, "Keep-Alive: timeout=1\r\n") });
    const seen: string[] = [];
    const died = (): void => void seen.push(codeOf(thrownBy(() => pool.tryAcquire())));
    const pool: AtomicClientPool = await connect(server, { keepAliveMargin: 900, events: { died } });
    const slot = await pool.acquire();
    await fetchOn(slot, "/");
    slot.release();
    // Its keep-alive ends while nobody can notice; who asks first finds it so.
    Bun.sleepSync(150);
    expect(pool.tryAcquire()).toBeNull();
    expect(seen).toEqual(["POOL_SECOND_ACQUIRER"]);
    pool.destroy();
  });

  test("what waits for a busy connection is not shared", async () => {
    using server = new TestServer({ answer: () => null });
    await using pool = await connect(server);
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    using slot = await pool.acquire();
    const sent = failureOf(fetchOn(slot, "/"));
    expect(thrownBy(() => slot.share(client.worker)).code).toBe("REQUEST_UNDER_WAY");
    slot.connection.close();
    await sent;
  });
});

test("there are as many slots as the free list can number", async () => {
  const error = await failureOf(AtomicClientPool.connect({ url: "http://127.0.0.1:1", connections: 65_535 }));
  expect(error.message).toBe("Cannot create pool: connections is 65535, and Workers can share 65534");
});

describe.each(["web", "node"] as const)("a Worker of the %s's kind", (kind) => {
  test("sends and receives in shared memory, waiting or blocked", async () => {
    using server = new TestServer({ answer: ({ target }) => ok(`body of ${target}`, "Content-Type: text/plain\r\n") });
    await using pool = await connect(server, { basePath: "/api" });
    await using client = new SharedClient(kind);
    pool.watch(client.worker);
    await lend(pool, client);
    expect(await client.tell("get", "/x")).toEqual({ status: 200, type: "text/plain", body: "body of /api/x" });
    expect(await client.tell("getSync", "/y")).toBe("body of /api/y");
    expect(await client.tell("getSync", "/z", 5_000)).toBe("body of /api/z");
    await client.tell("release");
    // The same memory serves this thread again.
    const slot = await pool.acquire();
    expect(await fetchOn(slot, "/here")).toBe("body of /api/here");
    expect(server.targets).toEqual(["/api/x", "/api/y", "/api/z", "/api/here"]);
    slot.release();
  });

  test.each(["exit", "throw", "terminate"] as const)("that ends by %s gives back what it held", async (way) => {
    using server = new TestServer({ answer: ({ target }) => (target === "/silence" ? null : ok(target)) });
    const journal = new Journal();
    await using pool = await connect(server, { connections: 4, events: journal.events });
    await using client = new SharedClient(kind);
    pool.watch(client.worker);
    const clients = [client, new SharedClient(kind), new SharedClient(kind), new SharedClient(kind)];
    for (const one of clients) {
      pool.watch(one.worker);
      await lend(pool, one);
    }
    const [, writing, sending, unclaimed] = clients as [SharedClient, SharedClient, SharedClient, SharedClient];
    await writing.tell("begin");
    sending.tell("get", "/silence");
    await until(() => server.targets.includes("/silence"));
    await unclaimed.tell("release");
    const handed = await pool.acquire();
    handed.share(unclaimed.worker);
    expect(pool.stats()).toMatchObject({ idle: 0, busy: 4 });
    for (const one of clients) {
      if (way === "terminate") void one.end();
      else one.post(way);
    }
    await Promise.all(clients.map(({ ended }) => ended));
    await until(() => pool.stats().idle === 4);
    // Of those that had a request: being written, and in flight.
    expect(journal.count("died")).toBe(2);
    expect(server.peers).toHaveLength(6);
    const slots = [pool.tryAcquire(), pool.tryAcquire(), pool.tryAcquire(), pool.tryAcquire()];
    for (const slot of slots) {
      if (slot === null) throw new Error("no slot");
      expect(await fetchOn(slot, `/${slot.index}`)).toBe(`/${slot.index}`);
      slot.release();
    }
  });
});

describe("a lease", () => {
  test("goes from Worker to Worker", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    await using first = new SharedClient("web");
    await using second = new SharedClient("node");
    pool.watch(first.worker);
    pool.watch(second.worker);
    await lend(pool, first);
    await first.tell("get", "/first");
    const handle = await first.tell("share", second.worker.threadId);
    expect(await first.failure("get", "/again")).toMatchObject({ code: "POOL_NOT_ACQUIRED" });
    expect(await first.failure("take", handle)).toMatchObject({ code: "POOL_LEASE_STALE" });
    await second.tell("take", handle);
    expect(await second.tell("get", "/second")).toMatchObject({ body: "/second" });
    expect(await second.failure("take", handle)).toMatchObject({ code: "POOL_LEASE_STALE" });
    await second.tell("dispose");
    expect(await second.failure("release")).toMatchObject({ code: "POOL_NOT_ACQUIRED" });
    expect(pool.stats().idle).toBe(1);
  });

  test("is one Worker's, once", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    await using client = new SharedClient("web");
    await using other = new SharedClient("web");
    pool.watch(client.worker);
    const early = await pool.acquire();
    expect(thrownBy(() => early.share(other.worker)).code).toBe("POOL_WORKER_UNWATCHED");
    expect(thrownBy(() => early.share({ threadId: 0 })).code).toBe("POOL_WORKER_UNWATCHED");
    const stale = early.share(client.worker);
    await client.tell("take", stale);
    await client.tell("release");
    const handle = (await pool.acquire()).share(client.worker);
    expect(await client.failure("take", stale)).toMatchObject({ code: "POOL_LEASE_STALE" });
    expect(await other.failure("take", handle)).toMatchObject({ code: "POOL_WORKER_UNWATCHED" });
    pool.watch(other.worker);
    expect(await other.failure("take", handle)).toMatchObject({ code: "POOL_LEASE_STALE" });
    await client.tell("take", handle);
    expect(await client.failure("share", 0)).toMatchObject({ code: "POOL_WORKER_UNWATCHED" });
    expect(await client.tell("get", "/still")).toMatchObject({ body: "/still" });
    await client.tell("release");
  });

  test("that a Worker gives back goes to who waits, in order", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    const order: number[] = [];
    const waits = [1, 2, 3].map(async (number) => {
      using _slot = await pool.acquire({ timeout: 20_000 });
      order.push(number);
    });
    expect(pool.stats().waiters).toBe(3);
    await client.tell("release");
    await Promise.all(waits);
    expect(order).toEqual([1, 2, 3]);
    expect((await failureOf(client.tell("get", "/"))).message).toContain("POOL_NOT_ACQUIRED");
  });

  test("given back while somebody waits is not taken by who comes later", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    const first = pool.acquire();
    await client.tell("release");
    expect(pool.tryAcquire()).toBeNull();
    (await first).release();
  });
});

describe("requests of a Worker", () => {
  test("carry the default fields of the moment", async () => {
    using server = new TestServer({ answer: ({ fields }) => ok(fields.slice(1).join("|").replace("é", "e")) });
    await using pool = await connect(server, {
      defaultHeaders: [
        ["X-Key", "one"],
        ["X-More", "a:b"],
        ["x-key", "two"],
      ],
    });
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    expect(await client.tell("get", "/")).toMatchObject({ body: "X-Key: one|X-More: a:b|x-key: two" });
    pool.setDefaultHeader("X-KEY", "three");
    expect(await client.tell("get", "/")).toMatchObject({ body: "X-KEY: three|X-More: a:b" });
    pool.setDefaultHeader("X-New", "é");
    await client.tell("getSync", "/");
    expect(server.peers[0]?.seen.at(-1)?.fields.slice(1)).toEqual(["X-KEY: three", "X-More: a:b", "X-New: é"]);
    pool.setDefaultHeader("X-New", "new");
    expect(thrownBy(() => pool.setDefaultHeader("X-New", "a\nb")).code).toBe("REQUEST_HEADER_INVALID");
    expect(thrownBy(() => pool.setDefaultHeader("X-New", "x".repeat(20_000))).code).toBe("REQUEST_TOO_LARGE");
    expect(await client.tell("getSync", "/")).toBe("X-KEY: three|X-More: a:b|X-New: new");
    await client.tell("release");
    expect(await fetchOn(await pool.acquire(), "/")).toBe("X-KEY: three|X-More: a:b|X-New: new");
    pool.destroy();
  });

  test("fail with the same errors", async () => {
    using server = new TestServer({
      answer: ({ target }, peer) => {
        if (target === "/reset") peer.reset();
        return target === "/garbage" ? "HTTP/1.1 999999 what\r\n\r\n" : null;
      },
    });
    await using pool = await connect(server);
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    const failures: unknown[] = [];
    for (const [path, options] of [["/reset"], ["/garbage"], ["/silence", { timeout: 30 }]] as const) {
      await lend(pool, client);
      failures.push(await client.failure("get", path, options));
      // Its connection is dead now.
      failures.push(await client.failure("get", path));
      await client.tell("release");
    }
    expect(failures).toMatchObject([
      { name: "RequestError", code: "REQUEST_CONNECTION_LOST", progress: "sent" },
      { name: "RequestError", code: "REQUEST_NOT_REUSABLE", progress: "not-sent", bytesSent: 0 },
      {
        code: "REQUEST_BAD_RESPONSE",
        progress: "response-started",
        cause: { name: "ProtocolError", code: "HTTP_STATUS_LINE" },
      },
      { code: "REQUEST_NOT_REUSABLE" },
      {
        code: "REQUEST_TIMEOUT",
        progress: "sent",
        cause: { name: "TimeoutError", code: "REQUEST_TIMEOUT" },
      },
      { code: "REQUEST_NOT_REUSABLE" },
    ]);
    await until(() => pool.stats().idle === 1);
  });

  test("are given up by a signal, or by giving the slot back", async () => {
    using server = new TestServer({ answer: () => null });
    await using pool = await connect(server);
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    const given = client.failure("getAbortable", "/a");
    await until(() => server.targets.includes("/a"));
    client.post("abort");
    expect(await given).toMatchObject({ code: "REQUEST_ABORTED", progress: "sent", cause: { message: "enough" } });
    await client.tell("release");
    await lend(pool, client);
    const left = client.failure("get", "/b");
    await until(() => server.targets.includes("/b"));
    client.post("release");
    expect(await left).toMatchObject({ code: "REQUEST_CONNECTION_CLOSED", progress: "sent" });
    await until(() => pool.stats().idle === 1);
    expect(server.peers).toHaveLength(3);
  });

  test("that the pool's thread does not come to are not sent, and cost nothing", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    const steps = [
      ["get", "/a", { timeout: 20 }],
      ["getSync", "/b", 20],
    ] as const;
    for (const [step, ...details] of steps) {
      let failure: Promise<unknown> = Promise.resolve();
      client.blocked(1, () => {
        failure = client.failure(step, ...details);
      });
      expect(await failure).toMatchObject({
        code: "REQUEST_TIMEOUT",
        progress: "not-sent",
        message: "Cannot finish request: 20 ms ran out (not-sent, 0 bytes)",
      });
    }
    let given: Promise<unknown> = Promise.resolve();
    client.blocked(2, () => {
      given = client.failure("getAbortable", "/c");
      client.post("abort");
    });
    expect(await given).toMatchObject({ code: "REQUEST_ABORTED", progress: "not-sent", cause: { message: "enough" } });
    expect(await client.tell("get", "/d")).toMatchObject({ body: "/d" });
    expect(server.targets).toEqual(["/d"]);
    await client.tell("release");
  });

  test("are one at a time", async () => {
    using server = new TestServer({ answer: ({ target }) => (target === "/slow" ? null : ok(target)) });
    await using pool = await connect(server);
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    const slow = client.failure("get", "/slow", { timeout: 200 });
    const second = client.failure("get", "/second");
    expect(await second).toMatchObject({ name: "UsageError", code: "REQUEST_UNDER_WAY" });
    expect(await slow).toMatchObject({ code: "REQUEST_TIMEOUT" });
    await client.tell("release");
  });

  test("are answered in memory of a fixed size, or with the size that it would take", async () => {
    using server = new TestServer({ answer: ({ target }) => ok("x".repeat(Number(target.slice(1)))) });
    await using pool = await connect(server, { responseBufferCapacity: 1_024 });
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    expect(await client.tell("get", "/900")).toMatchObject({ body: "x".repeat(900) });
    expect(await client.failure("get", "/2000")).toMatchObject({
      code: "POOL_RESPONSE_TOO_LARGE",
      message:
        "Cannot hand over response of status 200: its body is 2000 bytes, and with its head does not fit responseBufferCapacity, 1024",
    });
    // Nothing is wrong with the connection.
    expect(await client.tell("get", "/10")).toMatchObject({ body: "x".repeat(10) });
    await client.tell("release");
    using slot = await pool.acquire();
    expect(await fetchOn(slot, "/2000")).toHaveLength(2_000);
    expect(server.peers).toHaveLength(1);
  });
});

describe("what dies", () => {
  test("while a Worker has it is made anew when it is given back", async () => {
    using server = new TestServer();
    const journal = new Journal();
    await using pool = await connect(server, { events: journal.events });
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    server.open[0]?.reset();
    await until(() => journal.count("died") === 1);
    expect(await client.failure("get", "/")).toMatchObject({ code: "REQUEST_NOT_REUSABLE" });
    expect(server.peers).toHaveLength(1);
    await client.tell("release");
    await until(() => pool.stats().idle === 1);
    expect(server.peers).toHaveLength(2);
  });

  test("after a Worker gave it back is made anew at once", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    await client.tell("get", "/");
    await client.tell("release");
    server.open[0]?.reset();
    await until(() => server.peers.length === 2);
    await until(() => pool.stats().idle === 1);
  });
});

describe("the end", () => {
  test("close waits for what Workers have", async () => {
    using server = new TestServer();
    const pool = await connect(server, { connections: 2 });
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    let closed = false;
    const closing = pool.close().then(() => {
      closed = true;
    });
    expect(await client.tell("get", "/last")).toMatchObject({ body: "/last" });
    expect(closed).toBe(false);
    expect(thrownBy(() => pool.watch(client.worker)).code).toBe("POOL_CLOSED");
    await client.tell("release");
    await closing;
    await until(() => server.open.length === 0);
  });

  test("close does not wait for a Worker that has ended", async () => {
    using server = new TestServer();
    const pool = await connect(server);
    const client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    const closing = pool.close();
    await client.end();
    await closing;
  });

  test("destroy fails what is in flight, and what is asked afterwards", async () => {
    using server = new TestServer({ answer: () => null });
    const pool = await connect(server);
    await using client = new SharedClient("web");
    pool.watch(client.worker);
    await lend(pool, client);
    const lost = client.failure("get", "/a");
    await until(() => server.targets.includes("/a"));
    pool.destroy();
    expect(await lost).toMatchObject({ code: "REQUEST_CONNECTION_CLOSED", progress: "sent" });
    expect(await client.failure("get", "/b")).toMatchObject({ code: "REQUEST_NOT_REUSABLE", progress: "not-sent" });
    await client.tell("release");
    expect((await failureOf(pool.acquire())).code).toBe("POOL_CLOSED");
  });
});
