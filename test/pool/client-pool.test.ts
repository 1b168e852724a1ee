import { describe, expect, test } from "bun:test";
import { RequestError } from "../../src/http/errors.ts";
import { ClientPool } from "../../src/pool/client-pool.ts";
import type { ClientSlot } from "../../src/pool/client-slot.ts";
import { PoolError } from "../../src/pool/errors.ts";
import type { ClientPoolOptions } from "../../src/pool/options.ts";
import { until } from "../helpers/wait.ts";
import { codeOf, collectUntil, failureOf, fetchOn, Journal, ok, TestServer, thrownBy } from "./support.ts";

const QUICK = { initialDelay: 5, maxDelay: 20, jitter: 0 };

function connect(server: TestServer, options: Omit<ClientPoolOptions, "url"> = {}): Promise<ClientPool> {
  return ClientPool.connect({ url: server.url, reconnect: QUICK, ...options });
}

function take(pool: ClientPool): ClientSlot {
  const slot = pool.tryAcquire();
  if (slot === null) throw new Error("no slot is idle");
  return slot;
}

/** `idle/busy/reconnecting` */
function standing(pool: ClientPool): string {
  const { idle, busy, reconnecting } = pool.stats();
  return `${idle}/${busy}/${reconnecting}`;
}

describe("connect", () => {
  test("opens every connection before it resolves", async () => {
    using server = new TestServer();
    const journal = new Journal();
    await using pool = await connect(server, { connections: 4, events: journal.events });
    expect(pool.size).toBe(4);
    expect(pool.stats()).toMatchObject({ idle: 4, busy: 0, reconnecting: 0, waiters: 0, reconnects: 0, attempts: 4 });
    expect(journal.lines.toSorted()).toEqual([0, 1, 2, 3].map((slot) => `connected ${slot}`));
    await until(() => server.peers.length === 4);
  });

  test("fails as a whole, closes what it opened, and attempts nothing more", async () => {
    using server = new TestServer({
      // The third warm-up is refused by an RST.
      answer: ({ target }, peer) => {
        if (server.peers.indexOf(peer) !== 2) return ok(target);
        peer.reset();
        return null;
      },
    });
    const error = await failureOf(connect(server, { connections: 4, warmUp: "/warm" }));
    expect(error).toBeInstanceOf(RequestError);
    await until(() => server.open.length === 0);
    const accepted = server.peers.length;
    await Bun.sleep(50);
    expect(server.peers.length).toBe(accepted);
    expect(accepted).toBeLessThanOrEqual(4);
  });

  test("fails with the first failure and gives up the others", async () => {
    using server = new TestServer({
      // The first is answered badly, the others never.
      answer: (_, peer) => (server.peers.indexOf(peer) === 0 ? "HTTP/9.9 boo\r\n\r\n" : null),
    });
    const error = await failureOf(connect(server, { connections: 3, warmUp: "/", connectTimeout: 60_000 }));
    expect(codeOf(error)).toBe("REQUEST_BAD_RESPONSE");
    await until(() => server.open.length === 0);
  });

  test("refused: the connect error", async () => {
    const server = new TestServer();
    server.stop();
    expect(codeOf(await failureOf(connect(server, { connections: 2 })))).toBe("CONNECT_REFUSED");
  });

  test("its signal ends it", async () => {
    using server = new TestServer({ answer: () => null });
    const opening = connect(server, { connections: 2, warmUp: "/", signal: AbortSignal.timeout(50) });
    const error = await failureOf(opening);
    expect(["ABORTED", "REQUEST_ABORTED"]).toContain(codeOf(error));
    await until(() => server.open.length === 0);
    const reason = new Error("no");
    expect(codeOf(await failureOf(connect(server, { signal: AbortSignal.abort(reason) })))).toBe("ABORTED");
  });

  test("its signal does not touch what comes after it", async () => {
    using server = new TestServer();
    const controller = new AbortController();
    const journal = new Journal();
    await using pool = await connect(server, { signal: controller.signal, events: journal.events });
    controller.abort();
    const slot = await pool.acquire();
    expect(await fetchOn(slot, "/a")).toBe("/a");
    slot.release();
    server.open[0]?.reset();
    await until(() => journal.count("connected") === 2);
    using again = take(pool);
    expect(await fetchOn(again, "/b")).toBe("/b");
  });

  test("a bad option rejects, and nothing is opened", async () => {
    using server = new TestServer();
    expect(codeOf(await failureOf(connect(server, { connections: 0 })))).toBe("OPTION_OUT_OF_RANGE");
    expect(codeOf(await failureOf(connect(server, { defaultHeaders: { "a b": "c" } })))).toBe("REQUEST_HEADER_INVALID");
    expect(server.peers.length).toBe(0);
  });
});

describe("tryAcquire", () => {
  test("lends the one used last, each once, and null where all are busy", async () => {
    using server = new TestServer();
    await using pool = await connect(server, { connections: 3 });
    const [a, b, c] = [take(pool), take(pool), take(pool)];
    expect(new Set([a.index, b.index, c.index]).size).toBe(3);
    expect(pool.tryAcquire()).toBeNull();
    expect(standing(pool)).toBe("0/3/0");
    for (const slot of [b, c, a]) slot.release();
    const again = [take(pool), take(pool), take(pool)];
    expect(again.map(({ index }) => index)).toEqual([a.index, c.index, b.index]);
    for (const slot of again) slot.release();
  });

  const deaths: [string, (server: TestServer) => void][] = [
    ["FIN", (server) => server.open[0]?.fin()],
    ["RST", (server) => server.open[0]?.reset()],
    ["a stray byte", (server) => server.open[0]?.send("x")],
    ["a whole response that nobody asked for", (server) => server.open[0]?.send(ok("stray"))],
  ];
  test.each(deaths)("an idle connection's end by %s is seen when it happens", async (_, kill) => {
    using server = new TestServer();
    const journal = new Journal();
    // No reconnect comes in time to hide it.
    const reconnect = { initialDelay: 60_000, jitter: 0 };
    await using pool = await connect(server, { connections: 2, reconnect, events: journal.events });
    await until(() => server.open.length === 2);
    kill(server);
    await until(() => journal.count("died") === 1);
    expect(standing(pool)).toBe("1/0/1");
    using slot = take(pool);
    expect(pool.tryAcquire()).toBeNull();
    expect(journal.lines).toContain(`died ${1 - slot.index}`);
    expect(await fetchOn(slot, "/alive")).toBe("/alive");
  });

  test("a connection that dies while its slot is acquired and not used is not lent again", async () => {
    using server = new TestServer();
    const journal = new Journal();
    await using pool = await connect(server, { connections: 2, events: journal.events });
    const [first, second] = [take(pool), take(pool)];
    await until(() => server.open.length === 2);
    // Which peer is whose shows only in who is told dead.
    server.open[0]?.fin();
    await until(() => journal.count("died") === 1);
    const [dead, alive] = journal.lines.includes("died 0") === (first.index === 0) ? [first, second] : [second, first];
    alive.release();
    dead.release();
    expect(standing(pool)).toBe("1/0/1");
    expect(take(pool)).toBe(alive);
    expect(pool.tryAcquire()).toBeNull();
    alive.release();
    await until(() => standing(pool) === "2/0/0");
    expect(journal.count("died")).toBe(1);
  });

  test("many that have run out at once are all passed over", async () => {
    using server = new TestServer({ answer: ({ target }) => ok(target, "Keep-Alive: timeout=5\r\n") });
    await using pool = await connect(server, { connections: 5, keepAliveMargin: 4_900 });
    const slots = Array.from({ length: 5 }, () => take(pool));
    await Promise.all(slots.slice(1).map((slot) => fetchOn(slot, "/")));
    for (const slot of slots) slot.release();
    const end = performance.now() + 120;
    while (performance.now() < end) {
      // The loop is held up, so that nobody looks after them.
    }
    expect(take(pool)).toBe(slots[0] as ClientSlot);
    expect(standing(pool)).toBe("0/1/4");
    (slots[0] as ClientSlot).release();
    await until(() => standing(pool) === "5/0/0");
  });

  test("one whose connection was kept and used by somebody else is not lent in the midst of that", async () => {
    using server = new TestServer({ answer: () => null });
    await using pool = await connect(server);
    const slot = take(pool);
    const { connection } = slot;
    slot.release();
    const failure = failureOf(connection.send(slot.writer.get("/late").finish(), slot.reader));
    expect(pool.tryAcquire()).toBeNull();
    expect(codeOf(await failure)).toBe("REQUEST_CONNECTION_CLOSED");
    await until(() => standing(pool) === "1/0/0");
  });

  test("a connection that was used and died is made anew at once", async () => {
    using server = new TestServer();
    const journal = new Journal();
    const reconnect = { initialDelay: 60_000, jitter: 0 };
    await using pool = await connect(server, { reconnect, events: journal.events });
    const slot = take(pool);
    await fetchOn(slot, "/");
    slot.release();
    server.open[0]?.fin();
    await until(() => journal.count("connected") === 2);
    expect(standing(pool)).toBe("1/0/0");
    expect(journal.delays).toEqual([]);
  });

  test("`Keep-Alive` that runs out is seen when it does, and never lent", async () => {
    using server = new TestServer({ answer: ({ target }) => ok(target, "Keep-Alive: timeout=1\r\n") });
    const journal = new Journal();
    await using pool = await connect(server, { events: journal.events });
    const slot = take(pool);
    await fetchOn(slot, "/");
    slot.release();
    // Nobody asks for a slot.
    await until(() => journal.count("died") === 1 && journal.count("connected") === 2);
    expect(pool.stats()).toMatchObject({ idle: 1, reconnects: 1 });
    using again = await pool.acquire();
    expect(await fetchOn(again, "/again")).toBe("/again");
  });

  test("so it is where the pool lay idle before, and on a connection that was made anew", async () => {
    using server = new TestServer({ answer: ({ target }) => ok(target, "Keep-Alive: timeout=1\r\n") });
    const journal = new Journal();
    await using pool = await connect(server, { events: journal.events });
    for (let round = 1; round <= 2; round++) {
      // Nothing runs out: by now nobody looks for it.
      await Bun.sleep(600);
      const slot = take(pool);
      await fetchOn(slot, "/");
      slot.release();
      await until(() => journal.count("died") === round && journal.count("connected") === round + 1);
    }
  });

  test("one that has run out is not lent, also where it was not seen yet", async () => {
    // With this margin it has run out as soon as the answer is there.
    using server = new TestServer({ answer: ({ target }) => ok(target, "Keep-Alive: timeout=5\r\n") });
    await using pool = await connect(server, { connections: 2, keepAliveMargin: 5_000 });
    const first = take(pool);
    await fetchOn(first, "/");
    first.release();
    const second = take(pool);
    expect(second.index).not.toBe(first.index);
    second.release();
  });

  test("`Connection: close` ends the connection, and the next request has a new one", async () => {
    using server = new TestServer({ answer: ({ target }) => ok(target, "Connection: close\r\n") });
    await using pool = await connect(server);
    for (let n = 0; n < 20; n++) {
      using slot = await pool.acquire({ timeout: 2_000 });
      expect(await fetchOn(slot, `/${n}`)).toBe(`/${n}`);
    }
    expect(server.targets).toEqual(Array.from({ length: 20 }, (_, n) => `/${n}`));
  });
});

describe("a slot", () => {
  test("that was released is refused, by every way", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    const slot = take(pool);
    slot.release();
    for (const use of [() => slot.release(), () => slot[Symbol.dispose](), () => slot.connection]) {
      const error = thrownBy(use);
      expect(error).toBeInstanceOf(PoolError);
      expect(codeOf(error)).toBe("POOL_NOT_ACQUIRED");
    }
    expect(codeOf(await failureOf(slot.send(slot.writer.get("/").finish())))).toBe("POOL_NOT_ACQUIRED");
    expect(standing(pool)).toBe("1/0/0");
    expect(server.targets).toEqual([]);
  });

  const poisons: [string, string, (slot: ClientSlot) => Promise<unknown>][] = [
    ["a timeout", "REQUEST_TIMEOUT", (slot) => fetchOn(slot, "/stall", 20)],
    [
      "an abort",
      "REQUEST_ABORTED",
      (slot) => slot.send(slot.writer.get("/stall").finish(), { signal: AbortSignal.timeout(20) }),
    ],
    ["a short response", "REQUEST_CONNECTION_LOST", (slot) => fetchOn(slot, "/short")],
    ["a broken response", "REQUEST_BAD_RESPONSE", (slot) => fetchOn(slot, "/broken")],
    ["an RST", "REQUEST_CONNECTION_LOST", (slot) => fetchOn(slot, "/reset")],
  ];
  test.each(poisons)(
    "poisoned by %s is made anew: its writer survives, its reader is clean",
    async (_, code, poison) => {
      using server = new TestServer({
        answer: ({ target }, peer) => {
          if (target === "/base/stall") return null;
          if (target === "/base/short") {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
            peer.fin();
            return null;
          }
          if (target === "/base/broken") return "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";
          if (target === "/base/reset") {
            peer.reset();
            return null;
          }
          return ok(target);
        },
      });
      const journal = new Journal();
      const options = { basePath: "/base", defaultHeaders: { "X-Key": "k1" }, events: journal.events };
      await using pool = await connect(server, options);
      const slot = await pool.acquire();
      const { writer, reader } = slot;
      expect(codeOf(await failureOf(poison(slot)))).toBe(code);
      // The slot stays with who has it, but carries nothing more.
      const error = await failureOf(fetchOn(slot, "/more"));
      expect(error).toBeInstanceOf(RequestError);
      expect(error).toMatchObject({ code: "REQUEST_NOT_REUSABLE", progress: "not-sent" });
      expect(slot.connection.state).toBe("closed");
      expect(journal.lines).toEqual(["connected 0", "died 0"]);
      slot.release();
      expect(pool.tryAcquire()).toBeNull();

      using next = await pool.acquire({ timeout: 2_000 });
      expect([next.writer, next.reader]).toEqual([writer, reader]);
      expect(next.writer).toBe(writer);
      expect(await fetchOn(next, "/fine")).toBe("/base/fine");
      expect(server.peers.at(-1)?.seen.at(-1)?.fields).toContain("X-Key: k1");
      expect(journal.lines).toEqual(["connected 0", "died 0", "connected 0"]);
      expect(pool.stats().reconnects).toBe(1);
    },
  );

  test("released while a request is in flight: that fails, and its answer reaches nobody", async () => {
    using server = new TestServer({ answer: ({ target }) => (target === "/late" ? null : ok(target)) });
    const journal = new Journal();
    await using pool = await connect(server, { events: journal.events });
    const slot = take(pool);
    const pending = failureOf(fetchOn(slot, "/late"));
    await until(() => server.targets.length === 1);
    slot.release();
    expect(await pending).toMatchObject({ code: "REQUEST_CONNECTION_CLOSED", progress: "sent" });
    expect(journal.lines).toEqual(["connected 0", "died 0"]);
    server.peers[0]?.send(ok("/late"));
    using next = await pool.acquire({ timeout: 2_000 });
    expect(await fetchOn(next, "/next")).toBe("/next");
  });

  test("released while a body is streamed: the connection is cut", async () => {
    using server = new TestServer({ answer: () => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf" });
    await using pool = await connect(server);
    const slot = take(pool);
    const response = await slot.send(slot.writer.get("/").finish(), { stream: true });
    expect(response.status).toBe(200);
    slot.release();
    await until(() => server.peers[0]?.gone === true);
    await until(() => standing(pool) === "1/0/0");
  });

  test("its connection can be used directly", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    using slot = take(pool);
    const response = await slot.connection.send(slot.writer.get("/direct").finish(), slot.reader);
    expect(response.bodyText()).toBe("/direct");
  });

  test("forgotten is found, told once, its connection cut, and the slot healed", async () => {
    using server = new TestServer();
    const journal = new Journal();
    await using pool = await connect(server, { connections: 2, events: journal.events });
    await until(() => server.open.length === 2);
    const index = await (async () => {
      const slot = take(pool);
      await fetchOn(slot, "/");
      return slot.index;
    })();
    await collectUntil(() => journal.count("forgotten") > 0);
    expect(journal.lines).toContain(`forgotten ${index}`);
    await until(() => standing(pool) === "2/0/0");
    expect(server.peers.filter(({ gone }) => gone).length).toBe(1);
    for (let round = 0; round < 5; round++) {
      Bun.gc(true);
      await Bun.sleep(1);
    }
    expect(journal.count("forgotten")).toBe(1);
    const slots = [take(pool), take(pool)];
    for (const slot of slots) expect(await fetchOn(slot, "/x")).toBe("/x");
    for (const slot of slots) slot.release();
  });

  test("that somebody holds, or that is idle, is not taken for forgotten", async () => {
    using server = new TestServer();
    const journal = new Journal();
    await using pool = await connect(server, { connections: 2, events: journal.events });
    using slot = take(pool);
    for (let round = 0; round < 10; round++) {
      Bun.gc(true);
      await Bun.sleep(1);
    }
    expect(journal.count("forgotten")).toBe(0);
    expect(await fetchOn(slot, "/")).toBe("/");
  });
});

describe("acquire", () => {
  test("takes what tryAcquire would, without waiting", async () => {
    using server = new TestServer();
    await using pool = await connect(server, { connections: 2 });
    using slot = await pool.acquire();
    expect(pool.stats().acquireWait[0]).toBe(1);
    expect(await fetchOn(slot, "/")).toBe("/");
  });

  test("serves those who wait in order, and nobody overtakes them", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    const first = take(pool);
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (n) => {
      using _slot = await pool.acquire();
      order.push(n);
      await Bun.sleep(1);
    });
    expect(pool.stats().waiters).toBe(3);
    first.release();
    expect(pool.tryAcquire()).toBeNull();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
    expect(pool.stats()).toMatchObject({ idle: 1, busy: 0, waiters: 0 });
    expect(pool.stats().acquireWait.reduce((sum, count) => sum + count)).toBe(3);
  });

  test("its timeout: the error names it, and the slot goes to the next in line", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    const slot = take(pool);
    const impatient = failureOf(pool.acquire({ timeout: 10 }));
    const patient = pool.acquire({ timeout: 5_000 });
    const error = await impatient;
    expect(error).toBeInstanceOf(PoolError);
    expect(codeOf(error)).toBe("POOL_ACQUIRE_TIMEOUT");
    expect(error.message).toContain("10 ms");
    expect(error.cause).toBeUndefined();
    slot.release();
    (await patient).release();
    expect(standing(pool)).toBe("1/0/0");
  });

  test("the pool's acquireTimeout counts where none is given", async () => {
    using server = new TestServer();
    await using pool = await connect(server, { acquireTimeout: 15 });
    using _slot = take(pool);
    expect((await failureOf(pool.acquire())).message).toContain("15 ms");
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("timeout %d is refused", async (timeout) => {
    using server = new TestServer();
    await using pool = await connect(server);
    expect(codeOf(await failureOf(pool.acquire({ timeout })))).toBe("OPTION_OUT_OF_RANGE");
    expect(standing(pool)).toBe("1/0/0");
  });

  test("its signal, before and while it waits, with or without a timeout", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    const reason = new Error("enough");
    const aborted = await failureOf(pool.acquire({ signal: AbortSignal.abort(reason) }));
    expect([codeOf(aborted), aborted.cause]).toEqual(["POOL_ACQUIRE_ABORTED", reason]);
    using _slot = take(pool);
    const controller = new AbortController();
    const pending = failureOf(pool.acquire({ signal: controller.signal }));
    controller.abort(reason);
    const error = await pending;
    expect([codeOf(error), error.cause]).toEqual(["POOL_ACQUIRE_ABORTED", reason]);
    expect(pool.stats().waiters).toBe(0);
  });

  test("a signal that fires later does nothing", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    const controller = new AbortController();
    using slot = await pool.acquire({ signal: controller.signal });
    controller.abort();
    expect(await fetchOn(slot, "/")).toBe("/");
  });

  test("timeout 0 with all slots busy: POOL_EXHAUSTED at once", async () => {
    using server = new TestServer();
    await using pool = await connect(server, { connections: 2 });
    using _a = take(pool);
    using _b = take(pool);
    expect(codeOf(await failureOf(pool.acquire({ timeout: 0 })))).toBe("POOL_EXHAUSTED");
    expect(pool.stats()).toMatchObject({ attempts: 2, waiters: 0 });
  });

  test("timeout 0 takes an idle slot", async () => {
    using server = new TestServer();
    await using pool = await connect(server);
    using slot = await pool.acquire({ timeout: 0 });
    expect(await fetchOn(slot, "/")).toBe("/");
  });
});

describe("close", () => {
  test("lends nothing more, turns away who waits, and resolves once every slot is back", async () => {
    using server = new TestServer();
    const pool = await connect(server, { connections: 2 });
    const slot = take(pool);
    const other = take(pool);
    const waiting = failureOf(pool.acquire());
    let closed = false;
    const closing = pool.close().then(() => {
      closed = true;
    });
    expect(codeOf(await waiting)).toBe("POOL_CLOSED");
    expect(pool.tryAcquire()).toBeNull();
    expect(codeOf(await failureOf(pool.acquire()))).toBe("POOL_CLOSED");
    expect(codeOf(await failureOf(pool.acquire({ timeout: 0 })))).toBe("POOL_CLOSED");
    // What is under way goes on.
    expect(await fetchOn(slot, "/draining")).toBe("/draining");
    slot.release();
    await Bun.sleep(5);
    expect(closed).toBe(false);
    other.release();
    await closing;
    expect(pool.close()).toBe(pool.close());
    await until(() => server.open.length === 0);
  });

  test("destroy cuts: requests in flight fail, idle connections are reset", async () => {
    using server = new TestServer({ answer: () => null });
    const pool = await connect(server, { connections: 3 });
    const slot = take(pool);
    const pending = failureOf(fetchOn(slot, "/"));
    await until(() => server.targets.length === 1);
    pool.destroy();
    expect(codeOf(await pending)).toBe("REQUEST_CONNECTION_CLOSED");
    await pool.close();
    expect(await failureOf(fetchOn(slot, "/"))).toMatchObject({ code: "REQUEST_NOT_REUSABLE", progress: "not-sent" });
    slot.release();
    pool.destroy();
    await until(() => server.open.length === 0);
    expect(codeOf(await failureOf(pool.acquire()))).toBe("POOL_CLOSED");
  });

  test("destroy ends a close that waits", async () => {
    using server = new TestServer();
    const pool = await connect(server);
    const slot = take(pool);
    const closing = pool.close();
    pool.destroy();
    await closing;
    slot.release();
  });

  test("while reconnecting: resolves, and connects no more", async () => {
    const server = new TestServer();
    const journal = new Journal();
    const pool = await connect(server, { connections: 2, events: journal.events });
    server.stop();
    await until(() => journal.count("connectFailed") >= 4);
    await pool.close();
    const { attempts } = pool.stats();
    await Bun.sleep(60);
    expect(pool.stats().attempts).toBe(attempts);
  });

  test("during an attempt or a warm-up gives that up", async () => {
    let silent = false;
    using server = new TestServer({ answer: ({ target }) => (silent ? null : ok(target)) });
    const pool = await connect(server, { warmUp: "/", connectTimeout: 60_000 });
    silent = true;
    server.open[0]?.reset();
    await until(() => server.targets.length === 2);
    await pool.close();
    await until(() => server.open.length === 0);
  });

  test("a slot that was forgotten does not hold it up for ever", async () => {
    using server = new TestServer();
    const pool = await connect(server);
    (() => {
      take(pool);
    })();
    let closed = false;
    void pool.close().then(() => {
      closed = true;
    });
    await collectUntil(() => closed);
    expect(closed).toBe(true);
  });
});

describe("events", () => {
  test("what a listener throws goes to the console and harms nothing", async () => {
    using server = new TestServer();
    const said: unknown[] = [];
    const { error } = console;
    console.error = (each: unknown) => void said.push(each);
    try {
      const connected = (): void => {
        throw new Error("in a listener");
      };
      const pool = await connect(server, { events: { connected } });
      expect(await fetchOn(take(pool), "/")).toBe("/");
      pool.destroy();
    } finally {
      console.error = error;
    }
    expect(said.map(String)).toEqual(["Error: in a listener"]);
  });

  test("a listener may acquire, release and close", async () => {
    using server = new TestServer();
    const pools: ClientPool[] = [];
    const seen: string[] = [];
    const events = {
      died: (): void => {
        const slot = pools[0]?.tryAcquire() ?? null;
        seen.push(slot === null ? "none" : "lent");
        slot?.release();
        void pools[0]?.close();
      },
    };
    const pool = await connect(server, { connections: 2, events });
    pools.push(pool);
    await until(() => server.open.length === 2);
    server.open[0]?.reset();
    await until(() => seen.length > 0);
    expect(seen[0]).toBe("lent");
    await pool.close();
    await until(() => server.open.length === 0);
  });
});

test("setDefaultHeader counts for the next request of every slot", async () => {
  using server = new TestServer();
  await using pool = await connect(server, { connections: 2, defaultHeaders: { "X-Key": "old", "X-Other": "o" } });
  pool.setDefaultHeader("X-Key", "new");
  const slots = [take(pool), take(pool)];
  for (const slot of slots) await fetchOn(slot, "/");
  for (const slot of slots) slot.release();
  for (const { seen } of server.peers) {
    expect(seen[0]?.fields).toContain("X-Key: new");
    expect(seen[0]?.fields).not.toContain("X-Key: old");
    expect(seen[0]?.fields).toContain("X-Other: o");
  }
});

test("slots answer each their own, many at a time", async () => {
  using server = new TestServer();
  await using pool = await connect(server, { connections: 4 });
  const bodies = await Promise.all(
    Array.from({ length: 400 }, async (_, n) => {
      using slot = await pool.acquire();
      return await fetchOn(slot, `/${n}`);
    }),
  );
  expect(bodies).toEqual(Array.from({ length: 400 }, (_, n) => `/${n}`));
  expect(standing(pool)).toBe("4/0/0");
  expect(server.peers.length).toBe(4);
});
