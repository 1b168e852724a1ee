import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";

const EXAMPLE = fileURLToPath(new URL("../../examples/fan-in.ts", import.meta.url));

async function run(...args: string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([process.execPath, EXAMPLE, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [code, output, errors] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, output: output + errors };
}

test("two venues go to every subscriber, and one that does not read is cut", async () => {
  const args = ["--rate", "3000", "--seconds", "3", "--cut-after", "500", "--fast", "4", "--slow", "0", "--stuck", "1"];
  const { code, output } = await run(...args);
  expect(output).toContain("fan-in  2 venues of 4 symbols to 5 subscribers");
  expect(output).toMatch(/fast +4 subscribers, \d+ quotes each, 0 left out for newer ones, 0 cut/);
  expect(output).toMatch(/stuck +1 subscribers, 0 quotes each, [1-9]\d* left out for newer ones, 1 cut/);
  expect(output).toContain("as it should be");
  expect(code).toBe(0);
}, 30_000);

test("a wrong argument is told", async () => {
  const { code, output } = await run("--venues", "0");
  expect(output).toContain('Cannot start: --venues is "0", not an integer from 1 on');
  expect(code).toBe(2);
});
