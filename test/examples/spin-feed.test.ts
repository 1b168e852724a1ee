import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";

test("a Worker reads the exchange's feed, and this thread shows it", async () => {
  const script = fileURLToPath(new URL("../../examples/spin-feed.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, script, "1"], { stdout: "pipe", stderr: "pipe" });
  const [output, errors, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect([errors, status]).toEqual(["", 0]);
  expect(output).toMatch(/^[1-9]\d* messages in [1-9]\d* batches; closed with 1000$/m);
});
