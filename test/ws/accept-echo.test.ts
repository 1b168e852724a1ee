import { expect, test } from "bun:test";
import { TcpListener } from "../../src/socket/tcp-listener.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { pattern } from "../helpers/bytes.ts";
import { testPath } from "../helpers/certificates.ts";
import { testTls } from "../helpers/peer-server.ts";

test.each([
  ["plain", false],
  ["TLS", true],
] as const)("echo %s", async (_, secure) => {
  const tls = new TlsConfig({ cert: testPath("localhost.crt"), key: testPath("localhost.key") });
  using listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0, ...(secure ? { tls } : {}) });
  const serving = (async () => {
    for await (const tcp of listener) {
      expect(tcp.secure).toBe(secure);
      const ws = await WsStream.accept(tcp, {
        onUpgrade(request) {
          console.log(request.path, request.query);
        },
      });
      for (let msg = await ws.recv(); msg !== null; msg = await ws.recv()) {
        if (msg.kind === "text") ws.sendText(msg.text());
        if (msg.kind === "binary") ws.sendBinary(msg.bytes());
      }
      return ws;
    }
    return null;
  })();
  {
    await using ws = await WsStream.connect(`${secure ? "wss://localhost" : "ws://127.0.0.1"}:${listener.port}/a?b=1`, {
      tls: testTls(),
    });
    ws.sendText("hello");
    expect((await ws.recv())?.text()).toBe("hello");
    ws.sendBinary(pattern(300_000));
    const m = await ws.recv();
    expect(Buffer.compare(m?.bytes() ?? pattern(1), pattern(300_000))).toBe(0);
  }
  const server = await serving;
  expect(await server?.closed).toEqual({ code: 1000, reason: "" });
  expect(server?.url).toContain("/a?b=1");
});
