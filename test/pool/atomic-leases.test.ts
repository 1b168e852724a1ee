import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";

/** Leases: `ATOMIC_LEASES`; CI has 100,000 of them. */
const LEASES = Number(process.env["ATOMIC_LEASES"] ?? 10_000);
const SEED = Number(process.env["ATOMIC_SEED"] ?? 1);

test(`${LEASES} leases to four Workers, twenty of which are killed (seed ${SEED}): none is lost or doubled`, async () => {
  const script = fileURLToPath(new URL("./children/leases.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, script, String(LEASES), String(SEED)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  // Where a wait, a timer or a descriptor is left, it does not end.
  const output = await child.stdout.text();
  expect(await child.exited).toBe(0);
  const { figures, kills, ...outcome } = JSON.parse(output);
  expect(outcome).toEqual({
    leases: LEASES,
    faults: [],
    lostWithWorkers: true,
    standing: { idle: 8, busy: 0, waiters: 0 },
    madeAnew: true,
    overtaken: true,
    stolen: 0,
    descriptorsLeft: 0,
  });
  expect(kills).toBe(20);
  console.log(`leases: ${JSON.stringify(figures)}`);
}, 300_000);
