import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  ACCEPT_CONTENDERS,
  CONTENDERS,
  chosenDeflateContenders,
  POOL_CONTENDERS,
  type Program,
  REQUEST_CONTENDERS,
} from "../bench/contenders.ts";
import { readEverything } from "../bench/micro/frame-reading.ts";
import { MICRO_GROUPS } from "../bench/micro/groups.ts";
import { ACQUIRE_WAYS } from "../bench/pool/ways.ts";
import type { Report } from "../bench/report.ts";
import { SPIN_CASES } from "../bench/spin/measure.ts";
import { spread } from "../bench/statistics.ts";

/** Runs the benches at a size that says nothing about speed, and returns what they wrote. */
async function runBenches(filter: string): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    const json = join(folder, "result.json");
    const program = fileURLToPath(new URL("../bench/run.ts", import.meta.url));
    const command = [process.execPath, program, filter, "--quick", "--no-pin", "--messages", "3000", "--json", json];
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [output, errors, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect(errors).toBe("");
    expect(status).toBe(0);
    expect(output).toContain("not pinned");
    return await Bun.file(json).json();
  } finally {
    await rm(folder, { recursive: true });
  }
}

function installed(programs: readonly Program[]): string[] {
  return programs.filter(({ runtime }) => Bun.which(runtime) !== null).map(({ name }) => name);
}

const CASES: readonly (readonly [group: string, programs: readonly Program[]])[] = [
  ["receive/tcp/40", CONTENDERS],
  ["receive/tls/512", CONTENDERS],
  ["echo/tcp/unpinned", CONTENDERS],
  ["echo/tls/unpinned", CONTENDERS],
  ["accept/receive/40", ACCEPT_CONTENDERS],
  ["accept/echo/100", ACCEPT_CONTENDERS],
  ["deflate/client/receive/20480", chosenDeflateContenders("client", "receive", "", "")],
  ["deflate/client/send/676", chosenDeflateContenders("client", "send", "", "")],
  ["deflate/server/receive/676", chosenDeflateContenders("server", "receive", "", "")],
  ["deflate/server/send/20480", chosenDeflateContenders("server", "send", "", "")],
  ["http/get/tcp/unpinned", REQUEST_CONTENDERS],
  ["http/post/tcp/unpinned", REQUEST_CONTENDERS],
  ["http/get/tls/unpinned", REQUEST_CONTENDERS],
  ["http/post/tls/unpinned", REQUEST_CONTENDERS],
];

for (const [group, programs] of CASES) {
  test(`every contender of ${group} is verified and has a figure`, async () => {
    const { figures, machine } = await runBenches(group);
    const metrics = new Set(figures.map(({ metric }) => metric));
    for (const metric of metrics) {
      expect(figures.filter((one) => one.metric === metric).map(({ contender }) => contender)).toEqual(
        installed(programs),
      );
    }
    for (const { median, samples } of figures) {
      expect(median).toBeGreaterThan(0);
      expect(samples).toHaveLength(1);
    }
    expect(machine.bun).toBe(Bun.version);
  }, 60_000);
}

for (const [group, programs] of Object.entries(SPIN_CASES)) {
  test(`every contender of ${group} is verified and has a figure`, async () => {
    const { figures } = await runBenches(group);
    for (const metric of new Set(figures.map((one) => one.metric))) {
      expect(figures.filter((one) => one.metric === metric).map(({ contender }) => contender)).toEqual(
        programs.map(({ name }) => name),
      );
    }
    for (const { median } of figures) expect(median).toBeGreaterThan(0);
  }, 60_000);
}

test("what spinning allocates is counted for messages, echoes and requests", async () => {
  const { figures, targets } = await runBenches("spin/allocations");
  expect(figures.map(({ contender }) => contender)).toEqual([
    "receive",
    "receive",
    "echo",
    "echo",
    "request",
    "request",
  ]);
  expect(targets).toHaveLength(3);
}, 60_000);

test("every micro case has the answer that it asserts", () => {
  readEverything(1);
  for (const cases of Object.values(MICRO_GROUPS)) {
    for (const one of cases()) {
      const run = one.prepare();
      run();
      run();
      expect(one.items).toBeGreaterThan(0);
    }
  }
});

test("a micro case is measured in a process of its own and held against its target", async () => {
  const { figures, targets } = await runBenches("micro/frame-reading/40 binary");
  expect(figures.map(({ contender }) => contender)).toEqual(["40 binary", "40 binary masked", "40 binary plain ring"]);
  expect(targets.map(({ name }) => name)).toEqual(["micro/frame-reading: 40 binary"]);
}, 60_000);

test("the memory benches read every message", async () => {
  const { figures } = await runBenches("memory/");
  expect(figures.filter(({ group }) => group === "memory/handler")).toHaveLength(4);
  expect(figures.filter(({ group }) => group === "memory/limit")).toHaveLength(4);
  expect(figures.filter(({ group }) => group === "memory/allocations")).toHaveLength(4);
}, 60_000);

test("what a request allocates is counted for the limit, the connection and the codec", async () => {
  const { figures, targets } = await runBenches("memory/requests");
  const rows = ["limit", "connection", "codec", "connection beyond limit"];
  for (const metric of ["bytes/request", "objects/request"]) {
    for (const kind of ["get", "post"]) {
      const group = figures.filter((one) => one.group === `memory/requests/${kind}` && one.metric === metric);
      expect(group.map(({ contender }) => contender)).toEqual(rows);
      expect(group[0]?.median).toBeGreaterThan(0);
    }
  }
  expect(targets).toHaveLength(4);
}, 60_000);

test("acquire and release have a figure by every way, and the pools a target", async () => {
  const { figures, targets, machine } = await runBenches("pool/acquire");
  expect(figures.map(({ contender }) => contender)).toEqual(Object.keys(ACQUIRE_WAYS));
  for (const { median } of figures) expect(median).toBeGreaterThan(0);
  expect(targets.map(({ name }) => name)).toEqual([
    "pool/acquire: lifo-pool",
    "pool/acquire: client-pool",
    "pool/acquire: atomic-pool",
  ]);
  expect(machine.genericPool).not.toBe("");
}, 60_000);

for (const group of ["pool/requests/at-once/unpinned", "pool/requests/after-1-ms/unpinned"]) {
  test(`every contender of ${group} is verified and has a figure`, async () => {
    const { figures } = await runBenches(group);
    for (const metric of ["requests/s", "p50 µs", "p99 µs", "CPU µs/request"]) {
      const row = figures.filter((one) => one.metric === metric);
      expect(row.map(({ contender }) => contender)).toEqual(POOL_CONTENDERS.map(({ name }) => name));
      for (const { median } of row) expect(median).toBeGreaterThan(0);
    }
  }, 60_000);
}

test("a filter that names one of the pools runs the connection beside it", async () => {
  const { figures } = await runBenches("pool/requests/at-once/unpinned/pool of 1");
  expect([...new Set(figures.map(({ contender }) => contender))]).toEqual(["connection", "pool of 1"]);
}, 60_000);

test("a lease goes to a Worker and back, also with a request in between", async () => {
  const { figures } = await runBenches("pool/hand-over");
  const p50 = figures.filter(({ metric }) => metric === "p50 µs");
  expect(p50.map(({ contender }) => contender)).toEqual(["message", "lease", "request"]);
  for (const { median } of figures) expect(median).toBeGreaterThan(0);
}, 60_000);

test("a reconnect is timed for who waits and for who asks, and a stopped server's cost beside an idle process", async () => {
  const reconnects = (await runBenches("pool/reconnect")).figures;
  expect(reconnects.map(({ contender }) => contender)).toEqual(["waiting", "asking"]);
  for (const { median } of reconnects) expect(median).toBeGreaterThan(0);
  const { figures, targets } = await runBenches("pool/stopped");
  const attempts = figures.filter(({ metric }) => metric === "attempts/slot");
  expect(attempts.map(({ contender }) => contender)).toEqual(["idle", "unasked", "waited-for"]);
  expect(attempts.map(({ median }) => median > 0)).toEqual([false, true, true]);
  expect(targets).toHaveLength(4);
}, 60_000);

test("a spread is between its samples, and its median is that of an even number of samples too", () => {
  expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4, lowerQuartile: 1.75, upperQuartile: 3.25 });
  expect(spread([7])).toEqual({ median: 7, min: 7, max: 7, lowerQuartile: 7, upperQuartile: 7 });
});

test("a filter that names no case is refused", async () => {
  const program = fileURLToPath(new URL("../bench/run.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, program, "no such case", "--quick"], { stdout: "pipe", stderr: "pipe" });
  expect(await child.stderr.text()).toContain("no case's name contains no such case");
  expect(await child.exited).toBe(1);
});

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(`who ends a run by ${signal} ends its server and the contenders that wait for their windows`, async () => {
    const program = fileURLToPath(new URL("../bench/run.ts", import.meta.url));
    const command = [process.execPath, program, "http/get/tcp", "--quick", "--no-pin"];
    const run = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    let started: number[] = [];
    // The server, three that wait, and one that starts.
    while (started.length < 5) {
      await Bun.sleep(5);
      started = await childrenOf(run.pid);
    }
    run.kill(signal);
    await run.exited;
    for (let turns = 0; turns < 2_000 && started.some(isAlive); turns++) await Bun.sleep(5);
    expect(started.filter(isAlive)).toEqual([]);
  }, 60_000);
}

/** Of all threads of a process. */
async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8"));
  return (await Promise.all(lists)).join(" ").split(/\s+/).filter(Boolean).map(Number);
}

/** False of a zombie too. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
