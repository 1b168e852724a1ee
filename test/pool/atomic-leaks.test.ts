import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";

describe("no descriptor, timer or pending wait is left, and the process ends by itself", () => {
  test.each([
    "close after a Worker's request",
    "close while a Worker ends",
    "destroy while a Worker waits",
    "destroy while a Worker is blocked",
    "a waiter whose long wait was aborted",
    "connect that failed",
  ])("after %s", async (way) => {
    const script = fileURLToPath(new URL("./children/atomic-leave.ts", import.meta.url));
    const child = Bun.spawn([process.execPath, script, way], { stdout: "pipe", stderr: "inherit" });
    const output = await child.stdout.text();
    expect({ exitCode: await child.exited, output: output.trim() }).toEqual({ exitCode: 0, output: "left" });
  });
});
