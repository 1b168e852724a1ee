import { expect, test } from "bun:test";
import { parseFault } from "../../../examples/exchange/faults.ts";
import { type Exchange, startExchange } from "../../../examples/exchange/server.ts";
import { SnapshotSource, type SnapshotTaker } from "../../../examples/market-data/snapshot-source.ts";

/** Takes what comes, but for the first `stale` snapshots. */
class Taker implements SnapshotTaker {
  readonly taken: string[] = [];
  readonly failures: string[] = [];
  stale = 0;
  #wake: () => void = () => {};

  take(symbol: string): "started" | "stale" {
    this.taken.push(symbol);
    this.#wake();
    return this.stale-- > 0 ? "stale" : "started";
  }

  fail(text: string): void {
    this.failures.push(text);
    this.#wake();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function startFaulty(...faults: string[]): Promise<Exchange> {
  return startExchange({ rate: 0, symbols: ["ABC", "DEF"], faults: faults.map(parseFault) });
}

test("what is wanted is fetched once, one after another over one connection", async () => {
  await using exchange = await startFaulty();
  const taker = new Taker();
  using source = new SnapshotSource(exchange.restUrl, {}, taker);
  for (const symbol of ["ABC", "DEF", "ABC"]) source.want(symbol);
  await taker.until(() => taker.taken.length === 2);
  source.want("ABC");
  await taker.until(() => taker.taken.length === 3);
  expect(taker.taken).toEqual(["ABC", "DEF", "ABC"]);
  expect([exchange.connections, taker.failures]).toEqual([1, []]);
});

test("a stale one is fetched again, behind the others", async () => {
  await using exchange = await startFaulty();
  const taker = new Taker();
  taker.stale = 1;
  using source = new SnapshotSource(exchange.restUrl, {}, taker);
  source.want("ABC");
  source.want("DEF");
  await taker.until(() => taker.taken.length === 3);
  expect(taker.taken).toEqual(["ABC", "DEF", "ABC"]);
});

test.each(["rest-cut=before@1", "rest-fin=after@1", "rest-truncate@1", "rest-unknown@1", "rest-close@1"])(
  "%s: it is asked for again",
  async (fault) => {
    await using exchange = await startFaulty(fault);
    const taker = new Taker();
    using source = new SnapshotSource(exchange.restUrl, {}, taker);
    source.want("ABC");
    source.want("DEF");
    await taker.until(() => taker.taken.length === 2);
    expect(taker.failures).toEqual([]);
  },
);

test("429: not before the time that it names", async () => {
  let requests = 0;
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => {
      if (requests++ > 0) return Response.json({ lastUpdateId: 1, bids: [], asks: [] });
      return new Response("", { status: 429, headers: { "Retry-After": "1" } });
    },
  });
  const taker = new Taker();
  using source = new SnapshotSource(server.url.href, {}, taker);
  const begin = performance.now();
  source.want("ABC");
  await taker.until(() => taker.taken.length === 1);
  expect(performance.now() - begin).toBeGreaterThan(990);
});

test("after ten attempts it is told, once, and nothing more is asked for", async () => {
  await using exchange = await startFaulty();
  const taker = new Taker();
  using source = new SnapshotSource(exchange.restUrl, {}, taker);
  source.want("XYZ");
  source.want("ABC");
  await taker.until(() => taker.failures.length > 0);
  source.want("DEF");
  await Bun.sleep(50);
  expect(taker.failures).toEqual(["no snapshot of XYZ after 10 attempts: 400: -1121 Invalid symbol."]);
  expect(taker.taken).toEqual([]);
});

test("nobody there: the library's own words", async () => {
  const exchange = await startFaulty();
  await exchange.stop();
  const taker = new Taker();
  using source = new SnapshotSource(exchange.restUrl, {}, taker);
  source.want("ABC");
  await taker.until(() => taker.failures.length > 0);
  expect(taker.failures[0]).toStartWith("no snapshot of ABC after 10 attempts: CONNECT_REFUSED: ");
});

test("disposing gives up what is under way, without a word", async () => {
  await using exchange = await startFaulty("rest-delay=5000");
  const taker = new Taker();
  const source = new SnapshotSource(exchange.restUrl, {}, taker);
  source.want("ABC");
  while (exchange.connections === 0) await Bun.sleep(5);
  source[Symbol.dispose]();
  source.want("DEF");
  while (exchange.connections > 0) await Bun.sleep(5);
  expect([taker.taken, taker.failures]).toEqual([[], []]);
});
