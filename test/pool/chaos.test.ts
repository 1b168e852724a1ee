import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";

/** Requests that are sent; more for a longer run. */
const REQUESTS = Number(process.env["CHAOS_REQUESTS"] ?? 20_000);
const SEED = Number(process.env["CHAOS_SEED"] ?? 1);

test(`${REQUESTS} requests over 8 connections, their server killed every 300 ms and wilful in between (seed ${SEED})`, async () => {
  const script = fileURLToPath(new URL("./children/chaos.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, script, String(REQUESTS), String(SEED)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  // Where something is left that keeps the process, it does not end.
  const output = await child.stdout.text();
  expect(await child.exited).toBe(0);
  const { requests, faults, counts, starts, standing, withinBackOff, descriptorsLeft, waitersLeft, timersLeft } =
    JSON.parse(output);
  // Each has one outcome; no answer is another's, none was sent twice, and `progress` agrees with what the servers saw.
  expect(faults).toEqual([]);
  expect(requests).toBe(REQUESTS);
  expect(counts.answered).toBeGreaterThan(REQUESTS * 0.9);
  if (REQUESTS >= 20_000) {
    expect(starts).toBeGreaterThan(3);
    expect(Object.keys(counts)).toContain("REQUEST_TIMEOUT sent");
    expect(Object.keys(counts)).toContain("REQUEST_CONNECTION_LOST response-started");
  }
  expect({ standing, withinBackOff, descriptorsLeft, waitersLeft, timersLeft }).toEqual({
    standing: { idle: 8, busy: 0, waiters: 0 },
    withinBackOff: true,
    descriptorsLeft: 0,
    waitersLeft: 0,
    timersLeft: 0,
  });
}, 120_000);
