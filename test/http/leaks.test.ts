import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { chunked, ok, RawServer } from "./support.ts";

/** Connections that are opened and closed; fewer on a machine where 5,000 take too long. */
const CONNECTIONS = Number(process.env["HTTP_CONNECTS"] ?? 5_000);

const ANSWERS: Readonly<Record<string, string | null>> = {
  "/": ok("hello"),
  "/close": ok("bye", "Connection: close\r\n"),
  "/silence": null,
  "/long": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(...Array.from({ length: 50 }, () => "x".repeat(1000)))}`,
  "/keep-alive": ok("stay", "Keep-Alive: timeout=600\r\n"),
};

let server: RawServer;
beforeAll(() => {
  server = new RawServer({
    answer: ({ target }, peer) => {
      if (target === "/close") {
        peer.send(ANSWERS[target] ?? "").end();
        return null;
      }
      return ANSWERS[target] ?? null;
    },
  });
});
afterAll(() => server[Symbol.dispose]());

/** Runs a script of `children/` to its own end. */
async function run(name: string, ...args: string[]): Promise<{ exitCode: number; output: string }> {
  const script = fileURLToPath(new URL(`./children/${name}`, import.meta.url));
  const child = Bun.spawn([process.execPath, script, ...args], { stdout: "pipe", stderr: "inherit" });
  const output = await child.stdout.text();
  return { exitCode: await child.exited, output: output.trim() };
}

test(`${CONNECTIONS} connections leave no descriptor, and nothing that keeps the process`, async () => {
  const { exitCode, output } = await run("connect-and-close.ts", server.url, String(CONNECTIONS));
  expect(exitCode).toBe(0);
  const { connections, before, after } = JSON.parse(output);
  expect([connections, after]).toEqual([CONNECTIONS, before]);
}, 120_000);

describe("a process ends by itself", () => {
  test.concurrent.each([
    "close",
    "close, never used",
    "terminate",
    "dispose",
    "ended by the server",
    "timed out",
    "aborted",
    "a stream that was left",
    "while a 100 is waited for",
    "idle, with a Keep-Alive of its server's",
    "request",
    "request, refused",
  ])("after %s", async (way) => {
    expect(await run("leave.ts", way, server.url)).toEqual({ exitCode: 0, output: "left" });
  });
});
