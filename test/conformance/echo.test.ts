import { expect, test } from "bun:test";
import { TcpListener } from "../../src/socket/tcp-listener.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { inTime } from "../helpers/wait.ts";

const CASES = 3;

/** The fuzzing server's side of the protocol: tells the number of cases, plays each, writes down that reports were asked for. */
async function playServer(listener: TcpListener, log: string[]): Promise<void> {
  for await (const tcp of listener) {
    let path = "";
    const ws = await WsStream.accept(tcp, {
      deflate: true,
      onUpgrade(request) {
        path = request.target;
        return undefined;
      },
    });
    if (path === "/getCaseCount") ws.sendText(String(CASES));
    else if (path.startsWith("/runCase")) {
      ws.sendText(`play ${path}`);
      ws.sendBinary(Uint8Array.of(1, 2, 3));
      log.push(`${path}: ${(await ws.recv())?.text()}, ${(await ws.recv())?.length} bytes`);
    } else log.push(path);
    ws.close(1000);
    while ((await ws.recv().catch(() => null)) !== null);
  }
}

test.each([[], ["--deflate"]])("the echo client runs every case and asks for the reports %p", async (...flags) => {
  const listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
  const log: string[] = [];
  const played = playServer(listener, log);
  const script = new URL("echo-client.ts", import.meta.url).pathname;
  const command = [process.execPath, script, `ws://127.0.0.1:${listener.port}/`, "our agent", ...flags];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect({ output, errors, status: await child.exited }).toEqual({
    output: `${CASES} cases run\n`,
    errors: "",
    status: 0,
  });
  listener.close();
  await played;
  const runs = Array.from({ length: CASES }, (_, index) => `/runCase?case=${index + 1}&agent=our%20agent`);
  expect(log).toEqual([...runs.map((path) => `${path}: play ${path}, 3 bytes`), "/updateReports?agent=our%20agent"]);
});

test.each([[], ["--deflate"]])("the echo server sends back what comes, until its input ends %p", async (...flags) => {
  const script = new URL("echo-server.ts", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, script, "0", ...flags], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  const { value } = await inTime("the server to listen", reader.read());
  const port = /^listening on (\d+)\n$/.exec(new TextDecoder().decode(value))?.[1];
  const echoes: string[] = [];
  const ws = await WsConnection.connect(
    `ws://127.0.0.1:${port}/`,
    {
      message(socket, message) {
        echoes.push(message.kind === "text" ? message.text() : `${message.length} bytes`);
        if (echoes.length === 2) socket.close(1000);
      },
    },
    { deflate: flags.length > 0 },
  );
  ws.sendText("what comes back");
  ws.sendBinary(new Uint8Array(100_000));
  expect(await inTime("the close", ws.closed)).toEqual({ code: 1000, reason: "" });
  expect(echoes).toEqual(["what comes back", "100000 bytes"]);
  expect(ws.responseHeaders.some(([name]) => name.toLowerCase() === "sec-websocket-extensions")).toBe(flags.length > 0);
  child.stdin.end();
  expect(await child.exited).toBe(0);
});

test.each(["echo-client.ts", "echo-server.ts"])("%s says how it is called", async (name) => {
  const child = Bun.spawn([process.execPath, new URL(name, import.meta.url).pathname], {
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await child.stderr.text()).toContain(`test/conformance/${name}`);
  expect(await child.exited).toBe(2);
});
