import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";

describe("no descriptor is left, and the process ends by itself", () => {
  test.each([
    "close",
    "close, kept warm",
    "destroy in use",
    "close while dead",
    "neither, while dead",
    "a waiter that gave up while dead",
    "a waiter whose long wait was aborted",
    "connect that failed",
    "connect that failed in part",
  ])("after %s", async (way) => {
    const script = fileURLToPath(new URL("./children/leave.ts", import.meta.url));
    const child = Bun.spawn([process.execPath, script, way], { stdout: "pipe", stderr: "inherit" });
    const output = await child.stdout.text();
    expect({ exitCode: await child.exited, output: output.trim() }).toEqual({ exitCode: 0, output: "left" });
  });
});
