/**
 * Requests over a pool while their server is killed and started again, and misbehaves in between. Arguments: requests, seed. Prints one
 * line of JSON, and ends by itself.
 */

import { heapStats } from "bun:jsc";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RequestError } from "../../../src/http/errors.ts";
import { ClientPool } from "../../../src/pool/client-pool.ts";
import { bodyOf } from "./chaos-body.ts";

const CONNECTIONS = 8;
const TASKS = 16;
const KILL_EVERY = 300;
const MAX_DELAY = 200;

/** All that can become of a request that fits one write. */
const OUTCOMES =
  /^answered$|^REQUEST_(?:NOT_REUSABLE not-sent|CONNECTION_LOST (?:not-sent|sent|response-started)|TIMEOUT (?:sent|response-started)|BAD_RESPONSE response-started)$/;

const requests = Number(process.argv[2]);
const seed = Number(process.argv[3]);
const folder = mkdtempSync(join(tmpdir(), "nexus-chaos-"));
const log = join(folder, "log");
await Bun.write(log, "");

let starts = 0;
let server = await startServer("0");
const { port } = server;
const descriptors = countDescriptors();
// The first sleep leaves one with the engine.
await Bun.sleep(1);
const timers = countTimers();

const pool = await ClientPool.connect({
  url: `http://127.0.0.1:${port}`,
  connections: CONNECTIONS,
  reconnect: { initialDelay: 10, maxDelay: MAX_DELAY },
  acquireTimeout: 30_000,
});

const outcomes = new Map<number, string>();
const faults: string[] = [];
let next = 0;
let over = false;
const killing = killAgainAndAgain();
await Promise.all(Array.from({ length: TASKS }, work));
over = true;
await killing;
const restarted = performance.now();
while (pool.stats().idle < CONNECTIONS && performance.now() - restarted < 10_000) await Bun.sleep(1);
const healed = performance.now() - restarted;
const { idle, busy, waiters } = pool.stats();
await pool.close();
const waitersLeft = pool.stats().waiters;
server.child.kill(9);
await server.child.exited;

check();
rmSync(folder, { recursive: true });
// The peers are gone: their sockets close in the next turns.
for (let round = 0; round < 200 && countDescriptors() > descriptors; round++) await Bun.sleep(5);
for (let round = 0; round < 200 && countTimers() > timers; round++) await Bun.sleep(5);
const counts: Record<string, number> = {};
for (const outcome of outcomes.values()) counts[outcome] = (counts[outcome] ?? 0) + 1;
console.log(
  JSON.stringify({
    requests: outcomes.size,
    faults: faults.slice(0, 10),
    counts,
    starts,
    healed,
    standing: { idle, busy, waiters },
    withinBackOff: healed < MAX_DELAY + 1_000,
    // The server that is gone had its pipes.
    descriptorsLeft: Math.max(0, countDescriptors() - descriptors),
    waitersLeft,
    timersLeft: Math.max(0, countTimers() - timers),
  }),
);

async function work(): Promise<void> {
  while (next < requests) {
    const number = next++;
    const outcome = await ask(number);
    if (outcomes.has(number)) faults.push(`${number} ended twice`);
    outcomes.set(number, outcome);
  }
}

async function ask(number: number): Promise<string> {
  try {
    using slot = await pool.acquire();
    const response = await slot.send(slot.writer.get(`/${number}`).finish(), { timeout: 100 });
    const body = response.bodyText();
    if (body !== bodyOf(number)) faults.push(`${number} was answered by ${body.slice(0, 40)}`);
    return "answered";
  } catch (error) {
    if (error instanceof RequestError) return `${error.code} ${error.progress}`;
    faults.push(`${number}: ${error}`);
    return "fault";
  }
}

/** Holds what the requests ended with to what the servers saw. */
function check(): void {
  const seen = new Map<number, number>();
  for (const line of readFileSync(log, "latin1").split("\n").slice(0, -1)) {
    seen.set(Number(line), (seen.get(Number(line)) ?? 0) + 1);
  }
  for (let number = 0; number < requests; number++) {
    const outcome = outcomes.get(number);
    const times = seen.get(number) ?? 0;
    if (outcome === undefined) faults.push(`${number} did not end`);
    else if (times > 1) faults.push(`${number} was sent ${times} times`);
    else if (outcome.endsWith("not-sent") && times !== 0) faults.push(`${number} is not-sent, and was seen`);
    // A stray byte and then the end look like the start of an answer, so `response-started` says nothing here.
    else if (outcome === "answered" && times !== 1) faults.push(`${number} is answered, unseen`);
    else if (!OUTCOMES.test(outcome)) faults.push(`${number} is ${outcome}`);
  }
}

async function killAgainAndAgain(): Promise<void> {
  while (!over) {
    await Bun.sleep(KILL_EVERY);
    server.child.kill(9);
    await server.child.exited;
    server = await startServer(port);
  }
}

async function startServer(on: string): Promise<{ child: Bun.Subprocess<"pipe", "pipe", "inherit">; port: string }> {
  const script = fileURLToPath(new URL("./chaos-server.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, script, on, String(seed + starts++), log], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  if (value === undefined) throw new Error("Cannot start the server: it said nothing");
  reader.releaseLock();
  return { child, port: new TextDecoder().decode(value).trim() };
}

function countDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** Those that still run, or are still held, also where they do not keep the process. */
function countTimers(): number {
  Bun.gc(true);
  return heapStats().objectTypeCounts["Timeout"] ?? 0;
}
