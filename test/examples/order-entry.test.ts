import { expect, setDefaultTimeout, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { startExchange } from "../../examples/exchange/server.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/order-entry.ts", import.meta.url));

setDefaultTimeout(30_000);

function spawn(...args: string[]): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  return Bun.spawn([process.execPath, EXAMPLE, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
}

async function run(...args: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(...args);
  const [code, output, errors] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, output: output + errors };
}

test.concurrent.each(["hmac", "ed25519"])("orders signed by %s: all acknowledged, all in the log", async (key) => {
  const { code, output } = await run("--orders", "100", "--rate", "500", "--key", key);
  expect(code).toBe(0);
  expect(output).toMatch(/orders +100, \d+ a second: 100 acknowledged, 0 rejected, 0 unknown/);
  expect(output).toMatch(/round trip +p50 .*p99 .*p99\.9 .*max/);
  expect(output).toContain("no order lost, none doubled");
});

test.concurrent.each<[fault: string, complaint: RegExp]>([
  ["rest-cut=after@20", /4 × unknown: REQUEST_CONNECTION_LOST, sent\n.*4 were placed, 0 were not/s],
  ["rest-cut=before@20", /4 × unknown: REQUEST_CONNECTION_LOST, sent\n.*0 were placed, 4 were not/s],
  ["rest-unknown=504@20", /1 × unknown: 504: -1007 .*1 were placed, 0 were not/s],
  ["rest-close@20", /100 acknowledged.*opened 5 times/s],
])("--fault %s: told as it is, and the log agrees", async (fault, complaint) => {
  const { code, output } = await run("--orders", "100", "--rate", "500", "--fault", fault);
  expect(code).toBe(0);
  expect(output).toMatch(complaint);
});

test.concurrent.each(["0", "4"])(
  "--workers %s --faults: refused, unanswered, cut; the unknown are looked up, and the log agrees",
  async (workers) => {
    const size = ["--rate", "400", "--seconds", "1", "--connections", "4"];
    const { code, output } = await run(...size, "--workers", workers, "--faults");
    expect(output).toMatch(/orders +400, \d+ a second: \d+ acknowledged, [1-9]\d* rejected, [1-9]\d* unknown/);
    expect(output).toMatch(/× rejected: 400: /);
    expect(output).toMatch(/× unknown: 503: /);
    expect(output).toMatch(/× unknown: 504: /);
    expect(output).toMatch(/× unknown: REQUEST_CONNECTION_LOST, sent/);
    const [, unknown] = /(\d+) unknown/.exec(output) ?? [];
    expect(output).toContain(`looked up   ${unknown} by their names, none sent again`);
    expect(output).toContain("no order lost, none doubled");
    expect(code).toBe(0);
  },
);

test("--workers 4: all acknowledged, all in the log", async () => {
  const { code, output } = await run("--orders", "200", "--rate", "400", "--connections", "4", "--workers", "4");
  expect(output).toMatch(/orders +200, \d+ a second: 200 acknowledged, 0 rejected, 0 unknown/);
  expect(output).toContain("no order lost, none doubled");
  expect(code).toBe(0);
});

test("--url: an exchange that runs; Ctrl-C ends it in order, with its verdict", async () => {
  await using exchange = await startExchange({ rate: 0, symbols: ["ETHUSDT"], orderLimit: 100_000 });
  const child = spawn("--url", exchange.restUrl, "--symbol", "ethusdt", "--orders", "100000", "--rate", "200");
  while (exchange.orders.length < 30) await Bun.sleep(5);
  child.kill("SIGINT");
  const [code, output] = await Promise.all([child.exited, child.stdout.text()]);
  expect(code).toBe(0);
  expect(output).toContain(`: ${exchange.orders.length} acknowledged, 0 rejected, 0 unknown`);
  expect(exchange.orders.every(({ symbol, status }) => symbol === "ETHUSDT" && status === "NEW")).toBe(true);
});

test("nobody there: the library's own words", async () => {
  const { code, output } = await run("--url", "http://127.0.0.1:1");
  expect([code, output.includes("CONNECT_REFUSED")]).toEqual([1, true]);
});

test("a wrong argument is named, with the usage, and exits with 2", async () => {
  for (const [args, complaint] of [
    [["--orders", "none"], 'Cannot start: --orders is "none", not a number above 0'],
    [["--seconds", "0"], 'Cannot start: --seconds is "0", not a number above 0'],
    [["--workers", "no"], 'Cannot start: --workers is "no", not a number above 0'],
    [["--key", "rsa"], 'Cannot start: --key is "rsa", not hmac or ed25519'],
    [["--bogus"], "--bogus"],
  ] as const) {
    const { code, output } = await run(...args);
    expect([code, output.includes(complaint), output.includes("Usage:")]).toEqual([2, true, true]);
  }
});
