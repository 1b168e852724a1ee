import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";

test("acquiring and releasing allocate nothing", async () => {
  const script = fileURLToPath(new URL("./children/allocations.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, script], {
    env: { ...process.env, BUN_JSC_useGC: "0" },
    stdout: "pipe",
    stderr: "inherit",
  });
  const { object, lifoPool, clientPool } = JSON.parse(await child.stdout.text());
  expect(await child.exited).toBe(0);
  expect(object).toBeGreaterThanOrEqual(16);
  // Less than a tenth of the smallest object each.
  expect(lifoPool).toBeLessThan(1.6);
  expect(clientPool).toBeLessThan(1.6);
});
