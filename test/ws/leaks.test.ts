import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import type { Server } from "bun";

/** Connections that are opened and closed; fewer on a machine where 10,000 take too long. */
const CONNECTIONS = Number(process.env["WS_CONNECTS"] ?? 10_000);

let server: Server<undefined>;
beforeAll(() => {
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request, self) {
      const { pathname } = new URL(request.url);
      if (pathname === "/silence") await Bun.sleep(1_000_000);
      if (pathname !== "/refuse" && self.upgrade(request)) return undefined;
      return new Response("not here", { status: 403 });
    },
    websocket: {
      message(ws, message) {
        if (message === "close") ws.close(1000);
        else if (message === "terminate") ws.terminate();
        else ws.send(message);
      },
    },
  });
});
afterAll(() => server.stop(true));

/** Runs a script of `children/` to its own end. */
async function run(script: URL, ...args: string[]): Promise<{ exitCode: number; output: string }> {
  const child = Bun.spawn([process.execPath, fileURLToPath(script), ...args], { stdout: "pipe", stderr: "inherit" });
  const output = await child.stdout.text();
  return { exitCode: await child.exited, output: output.trim() };
}

test(`${CONNECTIONS} connects and closes leave no descriptor, and nothing that keeps the process`, async () => {
  const url = `ws://127.0.0.1:${server.port}/`;
  const script = new URL("./children/connect-and-close.ts", import.meta.url);
  const { exitCode, output } = await run(script, url, String(CONNECTIONS));
  expect(exitCode).toBe(0);
  const { connections, before, after } = JSON.parse(output);
  expect(connections).toBe(CONNECTIONS);
  expect(after).toBe(before);
}, 120_000);

describe("a process ends by itself", () => {
  test.each([
    "close",
    "close, not read",
    "closed by the server",
    "cut by the server",
    "cut by the server, not read",
    "terminate",
    "dispose",
    "close of a connection",
    "refused",
    "aborted",
    "timed out",
    "not allowed",
  ])("after %s", async (way) => {
    const script = new URL("./children/leave.ts", import.meta.url);
    expect(await run(script, way, `ws://127.0.0.1:${server.port}/`)).toEqual({ exitCode: 0, output: "left" });
  });
});
