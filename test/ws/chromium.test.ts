import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { TcpListener } from "../../src/socket/tcp-listener.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import { hasChromium, openPage } from "../helpers/chromium.ts";
import { inTime } from "../helpers/wait.ts";

const PAGE = (server: string, result: string): string => `<!doctype html><script type="module">
const SIZES = [0, 1, 125, 126, 127, 65535, 65536, 300000];
const opened = (ws) => new Promise((resolve, reject) => { ws.onopen = () => resolve(true); ws.onerror = () => resolve(false); });
const next = (ws) => new Promise((resolve) => { ws.onmessage = ({ data }) => resolve(data); });
const closed = (ws) => new Promise((resolve) => { ws.onclose = ({ code, reason, wasClean }) => resolve({ code, reason, wasClean }); });
const report = {};
try {
  const ws = new WebSocket("${server}/echo", ["v2", "v1"]);
  ws.binaryType = "arraybuffer";
  await opened(ws);
  report.protocol = ws.protocol;
  report.extensions = ws.extensions;
  report.same = 0;
  for (const size of SIZES) {
    const bytes = new Uint8Array(size).map((_, i) => i % 251);
    ws.send(bytes);
    const back = new Uint8Array(await next(ws));
    const text = "é".repeat(size);
    ws.send(text);
    if (back.length === size && back.every((byte, i) => byte === bytes[i]) && (await next(ws)) === text) report.same++;
  }
  ws.close(4000, "done");
  report.end = await closed(ws);
  const asked = new WebSocket("${server}/close");
  report.closedByServer = await closed(asked);
  report.refused = await opened(new WebSocket("${server}/refused"));
  const codec = await import("/codec.js");
  const reader = new codec.FrameReader({ role: "server", bufferCapacity: 4096 });
  const out = new codec.WriteBuffer(1024);
  new codec.FrameWriter({ role: "client", maskKeys: { next: () => 0x12345678 } }).text(out, "in a page, é");
  reader.read(out.bytes.slice(out.head, out.tail));
  report.codec = reader.next().text();
} catch (error) {
  report.error = String(error);
}
await fetch("${result}", { method: "POST", body: JSON.stringify(report) });
</script>`;

if (!hasChromium) console.warn("!!! chromium is missing: no interop test runs against it !!!");
else {
  test.each([false, true])(
    "Chromium speaks with our server, and the codec runs in its page; deflate %p",
    async (deflate) => {
      const built = await Bun.build({
        entrypoints: [fileURLToPath(new URL("../../src/codec/mod.ts", import.meta.url))],
        target: "browser",
        format: "esm",
      });
      const codec = await built.outputs[0]?.text();
      using listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
      const reported = Promise.withResolvers<unknown>();
      const site = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        async fetch(request, server) {
          const { pathname } = new URL(request.url);
          if (pathname === "/codec.js") return new Response(codec, { headers: { "Content-Type": "text/javascript" } });
          if (pathname === "/result") reported.resolve(await request.json());
          const page = PAGE(`ws://127.0.0.1:${listener.port}`, `http://127.0.0.1:${server.port}/result`);
          return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
        },
      });
      const origin = `http://127.0.0.1:${site.port}`;
      const origins: (string | null)[] = [];
      const serving = serve(listener, deflate, (path, seen) => {
        origins.push(seen);
        return path === "/refused" ? [] : [origin];
      });
      try {
        await using _page = await openPage(`${origin}/`);
        expect(await inTime("Chromium to report", reported.promise)).toEqual({
          protocol: "v1",
          extensions: deflate ? expect.stringMatching(/^permessage-deflate/) : "",
          same: 8,
          end: { code: 4000, reason: "", wasClean: true },
          closedByServer: { code: 4002, reason: "asked", wasClean: true },
          refused: false,
          codec: "in a page, é",
        });
        expect(origins).toEqual([origin, origin, origin]);
      } finally {
        await site.stop(true);
        listener.close();
        await serving;
      }
    },
    60_000,
  );
}

/** Echoes, or closes where the path asks for it; `allowed` says for a path and its origin which origins are let in. */
async function serve(
  listener: TcpListener,
  deflate: boolean,
  allowed: (path: string, origin: string | null) => readonly string[],
): Promise<void> {
  for await (const tcp of listener) {
    let path = "";
    const handlers = {
      message(ws: WsConnection, message: { kind: string; text(): string; bytes(): Uint8Array }): void {
        if (message.kind === "text") ws.sendText(message.text());
        else if (message.kind === "binary") ws.sendBinary(message.bytes());
      },
      error() {},
    };
    const options = {
      deflate,
      protocols: ["v1"],
      onUpgrade(request: { readonly target: string; header(name: string): string | null }) {
        path = request.target;
        const origin = request.header("Origin");
        return allowed(path, origin).includes(origin ?? "") ? undefined : { status: 403 };
      },
    };
    WsConnection.accept(tcp, handlers, options).then(
      (ws) => path === "/close" && ws.close(4002, "asked"),
      () => {},
    );
  }
}
