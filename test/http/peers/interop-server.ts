import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { pattern } from "../../helpers/bytes.ts";
import { startDaemon } from "../../helpers/daemon.ts";
import { nginx } from "../../helpers/nginx.ts";

/**
 * A server that is not ours:
 *
 * - `/echo`: the body, and in `X-Method`, `X-Url`, `X-Fields` what came with it
 * - `/bytes?length=N[&chunked]`: N bytes of a pattern
 * - `/status?status=N`: no body
 * - `/coded?coding=gzip&length=N`: the pattern in that coding
 * - `/close`, `/slow` (in pieces), `/refuse` (413 before the body is read)
 * - on Node also `/trailers`, `/hints` (a 103), `/half` (and then cut), `/cut`, and an upgrade to an echo
 */
export interface InteropServer extends AsyncDisposable {
  readonly url: string;
}

/** node:http on Node, in a process of its own. */
export async function startNode(): Promise<InteropServer> {
  const script = fileURLToPath(new URL("./node-server.mjs", import.meta.url));
  const child = Bun.spawn(["node", script], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  if (value === undefined) throw new Error("Cannot start node: it ended before it listened");
  return {
    url: `http://127.0.0.1:${JSON.parse(value).port}`,
    async [Symbol.asyncDispose]() {
      // Its standard input ends with ours: it goes, too, if this process is killed.
      await child.stdin.end();
      await child.exited;
    },
  };
}

/** Bun's own server. */
export function startBun(): InteropServer {
  const encoders: Record<string, (bytes: Uint8Array) => Uint8Array> = {
    gzip: gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
  };
  const answer = async (request: Request): Promise<Response> => {
    const { pathname, search, searchParams } = new URL(request.url);
    const length = Number(searchParams.get("length"));
    switch (pathname) {
      case "/echo": {
        const fields = JSON.stringify([...request.headers].flat()).slice(0, 4000);
        const headers = { "X-Method": request.method, "X-Url": pathname + search, "X-Fields": fields };
        return new Response(await request.bytes(), { headers });
      }
      case "/bytes":
        if (!searchParams.has("chunked")) return new Response(patternOf(length));
        return new Response(
          new ReadableStream({
            async start(controller) {
              const all = patternOf(length);
              for (let at = 0; at < length; at += 10_000) controller.enqueue(all.slice(at, at + 10_000));
              controller.close();
            },
          }),
        );
      case "/status":
        return new Response(null, { status: Number(searchParams.get("status")) });
      case "/coded": {
        const coding = searchParams.get("coding") ?? "";
        const body = encoders[coding]?.(patternOf(length)) ?? new Uint8Array(0);
        return new Response(body as Uint8Array<ArrayBuffer>, { headers: { "Content-Encoding": coding } });
      }
      case "/close":
        return new Response("closing", { headers: { Connection: "close" } });
      case "/slow":
        return new Response(
          new ReadableStream({
            async start(controller) {
              for (const word of ["one ", "two ", "three"]) {
                controller.enqueue(word);
                await Bun.sleep(3);
              }
              controller.close();
            },
          }),
        );
      case "/refuse":
        return new Response("too large", { status: 413, headers: { Connection: "close" } });
      default:
        return new Response("nothing here", { status: 404 });
    }
  };
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
  return {
    url: `http://127.0.0.1:${server.port}`,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

/** Debian's nginx, which ends TLS, hands on to the server on Node, and by itself serves `/file.json`, gzipped for who accepts it. */
export async function startNginx(): Promise<InteropServer> {
  const node = await startNode();
  const front = await nginx({
    http: `
  keepalive_requests 100;
  keepalive_timeout 60s 20s;
  gzip on;
  gzip_types application/json;
  types { application/json json; }
  client_max_body_size 64m;
  upstream node { server ${new URL(node.url).host}; keepalive 4; }`,
    server: (folder) => `
    location = /file.json { root ${folder}; }
    location = /refuse { client_max_body_size 1k; proxy_pass http://node; }
    location / {
      proxy_pass http://node;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_buffering off;
    }`,
    files: { "file.json": FILE },
  });
  return {
    url: `https://localhost:${front.port}`,
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
      await node[Symbol.asyncDispose]();
    },
  };
}

/** Debian's tinyproxy: CONNECT to any port. */
export async function startTinyproxy(): Promise<InteropServer> {
  const daemon = await startDaemon(TINYPROXY, (_, folder) => ["-d", "-c", join(folder, "tinyproxy.conf")], {
    signal: "SIGTERM",
    files: (_, port) => ({
      "tinyproxy.conf": `Port ${port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nLogLevel Critical\n`,
    }),
  });
  return { url: `http://127.0.0.1:${daemon.port}`, [Symbol.asyncDispose]: daemon[Symbol.asyncDispose] };
}

/** Debian's microsocks. */
export async function startMicrosocks(): Promise<InteropServer> {
  const daemon = await startDaemon(MICROSOCKS, (port) => ["-i", "127.0.0.1", "-p", String(port)]);
  return { url: `socks5://127.0.0.1:${daemon.port}`, [Symbol.asyncDispose]: daemon[Symbol.asyncDispose] };
}

/** `pattern(length)`, which repeats itself after 64 KiB. */
export function patternOf(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += PATTERN.length) bytes.set(PATTERN.subarray(0, length - at), at);
  return bytes;
}

const PATTERN = pattern(1 << 16);

export const FILE: string = JSON.stringify(Array.from({ length: 2000 }, (_, number) => ({ number, name: "nexus" })));

export const hasTinyproxy = (): boolean => existsSync(TINYPROXY);
export const hasMicrosocks = (): boolean => existsSync(MICROSOCKS);

const TINYPROXY = "/usr/bin/tinyproxy";
const MICROSOCKS = "/usr/bin/microsocks";
