import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { TcpListener } from "../../src/socket/tcp-listener.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { pattern, utf8 } from "../helpers/bytes.ts";
import { inTime } from "../helpers/wait.ts";
import { readAll } from "./support.ts";

/** Debian's, which has Debian's modules; there may be another one before it on the path. */
const PYTHON = "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("./peers/python-peer.py", import.meta.url));
const SIZES = [0, 1, 125, 126, 127, 128, 4096, 65_535, 65_536, 200_000];

/** Whether Debian's package python3-websockets is there. */
function hasPython(): boolean {
  if (Bun.which(PYTHON) === null) return false;
  return Bun.spawnSync([PYTHON, "-c", "import websockets"], { stderr: "ignore" }).success;
}

/** Objects that a process prints, one a line. */
class Said {
  readonly #lines: AsyncIterator<string>;

  constructor(output: ReadableStream<Uint8Array>) {
    this.#lines = Said.#split(output);
  }

  async next(): Promise<Record<string, unknown>> {
    const { done, value } = await inTime("the peer to say something", this.#lines.next());
    if (done === true) throw new Error("the peer has ended");
    return JSON.parse(value);
  }

  static async *#split(output: ReadableStream<Uint8Array>): AsyncGenerator<string> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of output) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  }
}

if (hasPython()) {
  describe.each([false, true])("python3-websockets as server, deflate %p", (deflate) => {
    let child: Bun.Subprocess<"pipe", "pipe", "inherit">;
    let said: Said;
    let url = "";

    beforeAll(async () => {
      child = Bun.spawn([PYTHON, SCRIPT, "serve"], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
      said = new Said(child.stdout);
      const { port } = await said.next();
      url = `ws://127.0.0.1:${port}/path`;
    });
    afterAll(async () => {
      child.stdin.end();
      await child.exited;
    });

    test("echoes what it is sent, sends fragments, pings and is answered", async () => {
      const ws = await WsStream.connect(url, { deflate, protocols: ["v1.json"] });
      expect(ws.protocol).toBe("v1.json");
      const extensions = ws.responseHeaders.filter(([name]) => name.toLowerCase() === "sec-websocket-extensions");
      expect(extensions.length).toBe(deflate ? 1 : 0);
      for (const size of SIZES) {
        ws.sendBinary(pattern(size));
        const echo = await ws.recv();
        expect([echo?.kind, echo !== null && Buffer.compare(echo.bytes(), pattern(size))]).toEqual(["binary", 0]);
        ws.sendText("é".repeat(size));
        expect((await ws.recv())?.text() === "é".repeat(size)).toBe(true);
      }
      ws.sendText("!fragments");
      expect((await ws.recv())?.text()).toBe("part 1,part 2,part 3");
      ws.sendText("!ping");
      expect((await ws.recv())?.toOwned()).toEqual({ kind: "ping", bytes: utf8("are-you-there") });
      expect((await ws.recv())?.text()).toBe("ponged");
      ws.sendPing(utf8("and you"));
      expect((await ws.recv())?.toOwned()).toEqual({ kind: "pong", bytes: utf8("and you") });
      ws.close(3000, "done");
      expect(await readAll(ws)).toEqual(["close 3000 done"]);
      expect(await said.next()).toEqual({ path: "/path", code: 3000, reason: "done" });
    });

    test("closes with its own code and reason", async () => {
      const ws = await WsStream.connect(url, { deflate });
      ws.sendText("!close");
      expect(await readAll(ws)).toEqual(["close 4001 maintenance"]);
      expect(await said.next()).toEqual({ path: "/path", code: 4001, reason: "" });
    });
  });

  test.each([false, true])("python3-websockets as client, deflate %p", async (deflate) => {
    using listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
    const accepted = (async () => {
      const tcp = await listener.accept();
      if (tcp === null) throw new Error("nobody came");
      const closed = Promise.withResolvers<string>();
      await WsConnection.accept(
        tcp,
        {
          message(ws, message) {
            if (message.kind === "text") ws.sendText(message.text());
            else if (message.kind === "binary") ws.sendBinary(message.bytes());
          },
          error: (_ws, error) => closed.reject(error),
          close: (_ws, code, reason) => closed.resolve(`${code} ${reason}`),
        },
        { deflate, protocols: ["v1.json"] },
      );
      return closed.promise;
    })();
    const client = Bun.spawn([PYTHON, SCRIPT, "call", `ws://127.0.0.1:${listener.port}/`], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    expect(await new Said(client.stdout).next()).toEqual({
      same: SIZES.length,
      of: SIZES.length,
      fragments: "fragments é",
      ordered: 5000,
      protocol: "v1.json",
      extensions: deflate ? ["permessage-deflate"] : [],
      code: 3001,
    });
    expect(await client.exited).toBe(0);
    expect(await accepted).toBe("3001 done");
  });
} else console.warn("!!! python3-websockets is missing: no interop test runs against it !!!");
