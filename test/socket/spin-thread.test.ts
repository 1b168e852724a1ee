import { expect, test } from "bun:test";
import { join } from "node:path";
import { pinThread } from "../../src/socket/spin-thread.ts";

test("a thread runs on the CPU it was pinned to, and on no other", async () => {
  const module = join(import.meta.dir, "../../src/socket/spin-thread.ts");
  const script = `import { pinThread } from ${JSON.stringify(module)};
    const { readFileSync } = await import("node:fs");
    const list = () => /Cpus_allowed_list:\\s*(\\S+)/.exec(readFileSync("/proc/thread-self/status", "utf8"))[1];
    const [first] = list().split(/[,-]/);
    pinThread(Number(first));
    console.log(list() === first);
    try { pinThread(1023); } catch (error) { console.log(error.code, error.message); }`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  expect(await child.stdout.text()).toBe(
    "true\nSPIN_PIN_REFUSED Cannot pin thread: the kernel refused CPU 1023 (EINVAL)\n",
  );
});

test("what is no CPU is refused", () => {
  for (const cpu of [-1, 0.5, 1024, Number.NaN]) {
    expect(() => pinThread(cpu)).toThrow(`Cannot pin thread: CPU ${cpu} is not an integer from 0 to 1023`);
  }
});
