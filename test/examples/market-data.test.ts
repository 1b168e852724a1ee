import { expect, setDefaultTimeout, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { startExchange } from "../../examples/exchange/server.ts";

const DEMO = fileURLToPath(new URL("../../examples/market-data.ts", import.meta.url));

setDefaultTimeout(30_000);

/** The demo in a process of its own; not a terminal, so it prints lines. */
class Demo {
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  output = "";
  readonly #reading: Promise<void>;

  constructor(...args: string[]) {
    this.child = Bun.spawn([process.execPath, DEMO, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    this.#reading = this.#read();
  }

  /** Resolves with the exit code once everything was read. */
  async end(): Promise<number> {
    const [code, errors] = await Promise.all([
      this.child.exited,
      new Response(this.child.stderr).text(),
      this.#reading,
    ]);
    this.output += errors;
    return code;
  }

  /** The port of the exchange it started, once it says so. */
  async port(): Promise<number> {
    for (;;) {
      const port = /wss:\/\/127\.0\.0\.1:(\d+)/.exec(this.output)?.[1];
      if (port !== undefined) return Number(port);
      await Bun.sleep(10);
    }
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.child.stdout) this.output += decoder.decode(chunk, { stream: true });
  }
}

/** Resolves once nobody listens on the port. */
async function untilFree(port: number): Promise<void> {
  for (;;) {
    try {
      const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => {} } });
      socket.terminate();
    } catch {
      return;
    }
    await Bun.sleep(20);
  }
}

test("two seconds of it: every check passes, the summary says so, the exchange is gone", async () => {
  const demo = new Demo("--seconds", "2", "--rate", "2000");
  expect(await demo.end()).toBe(0);
  expect(demo.output).toContain("every book equals the exchange's, no message was lost");
  expect(demo.output).toMatch(/ +1 s {2}[\d,]+ msgs\/s {2}p50 /);
  const [, tops = "0", depths = "0"] =
    /([\d,]+) times the diff book agreed with bookTicker, ([\d,]+) times with depth20/.exec(demo.output) ?? [];
  expect(Number(tops)).toBeGreaterThan(10);
  expect(Number(depths)).toBeGreaterThan(10);
  const [, books, levels = "0"] = /(4 of 4) books equal .* in ([\d,]+) levels/.exec(demo.output) ?? [];
  expect([books, Number(levels.replaceAll(",", "")) > 10_000]).toEqual(["4 of 4", true]);
  await untilFree(await demo.port());
});

test("a gap in the diffs is named, that book alone started over from a snapshot, and it ends equal", async () => {
  const demo = new Demo("--seconds", "1.5", "--rate", "2000", "--fault", "gap", "--symbols", "BTCUSDT,ETHUSDT");
  expect(await demo.end()).toBe(0);
  expect(demo.output).toMatch(/resync +2 books started over\n +\w+ depth: gap of \d+ updates, \d+ to \d+ never came;/);
  expect(demo.output).toContain("2 of 2 books equal the exchange's at the same update id");
  expect(demo.output).toContain("every book equals the exchange's, snapshots made up for what was lost");
});

test.concurrent.each(["rest-stale=5", "rest-overlap", "rest-close@0", "rest-cut=before@1", "rest-stray=0@0"])(
  "--fault %s: the books are the exchange's all the same",
  async (fault) => {
    const demo = new Demo("--seconds", "1", "--rate", "2000", "--fault", fault, "--fault", "gap");
    expect(await demo.end()).toBe(0);
    expect(demo.output).toContain("4 of 4 books equal");
  },
);

test("an exchange that gives no snapshot is told about once", async () => {
  const demo = new Demo("--seconds", "1.5", "--rate", "2000", "--fault", "rest-cut@0");
  expect(await demo.end()).toBe(1);
  expect(demo.output.match(/snapshots: no snapshot of \w+ after 10 attempts: REQUEST_CONNECTION_LOST/g)).toHaveLength(
    1,
  );
});

test.concurrent.each([
  ["gap=trade", /BTCUSDT trade: gap of 1 between trade \d+ and trade \d+/],
  ["duplicate=trade", /BTCUSDT trade: trade (\d+) came after trade \1/],
  ["close=1012", /connection: ended early with 1012 Fault/],
  ["rst", /connection: ended early with 1006/],
  ["stall", /connection: silent for the last /],
  ["shutdown=100", /venue: serverShutdown/],
  ["refuse=429", /HANDSHAKE_REFUSED: .*429.*\n.*"code":-1003/],
])("--fault %s", async (fault, complaint) => {
  const demo = new Demo("--seconds", "1", "--rate", "2000", "--fault", fault, "--symbols", "BTCUSDT");
  expect(await demo.end()).toBe(1);
  expect(demo.output).toMatch(complaint);
});

test.concurrent.each(["split", "coalesce"])("--fault %s harms nothing", async (fault) => {
  const demo = new Demo("--seconds", "1", "--rate", "1000", "--fault", fault);
  expect(await demo.end()).toBe(0);
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends it in order, with its verdict", async (signal) => {
  const demo = new Demo("--seconds", "60", "--rate", "2000");
  const port = await demo.port();
  await Bun.sleep(400);
  demo.child.kill(signal);
  expect(await demo.end()).toBe(0);
  expect(demo.output).toContain("every book equals the exchange's, no message was lost");
  await untilFree(port);
});

test("the exchange does not outlive it, not even when it is killed", async () => {
  const demo = new Demo("--seconds", "60");
  const port = await demo.port();
  demo.child.kill("SIGKILL");
  await demo.end();
  await untilFree(port);
});

test("--url points it at another exchange", async () => {
  await using exchange = await startExchange({ rate: 1_000, symbols: ["ETHUSDT"] });
  const demo = new Demo("--url", `${exchange.url}/stream`, "--symbols", "ethusdt", "--seconds", "1");
  expect(await demo.end()).toBe(0);
  expect(demo.output).toContain(exchange.url);
});

test("a wrong argument is named, with the usage, and exits with 2", async () => {
  for (const [args, complaint] of [
    [["--seconds", "soon"], 'Cannot start: --seconds is "soon", not a number above 0'],
    [["--symbols", ","], "Cannot start: --symbols names none"],
    [["--bogus"], "--bogus"],
  ] as const) {
    const demo = new Demo(...args);
    expect(await demo.end()).toBe(2);
    expect(demo.output).toContain(complaint);
    expect(demo.output).toContain("Usage:");
  }
});
