import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RequestWriter } from "../../src/codec/http/request-writer.ts";
import type { Response } from "../../src/codec/http/response.ts";
import { ResponseReader } from "../../src/codec/http/response-reader.ts";
import { HttpConnection } from "../../src/http/connection.ts";
import { contentDecoders } from "../../src/http/decoders.ts";
import type { HttpOptions, SendOptions } from "../../src/http/options.ts";
import { request } from "../../src/http/request.ts";
import { hasNginx } from "../helpers/nginx.ts";
import { testTls } from "../helpers/peer-server.ts";
import { below, type Random, seededRandom } from "../helpers/random.ts";
import { until } from "../helpers/wait.ts";
import {
  FILE,
  hasMicrosocks,
  hasTinyproxy,
  type InteropServer,
  patternOf,
  startBun,
  startMicrosocks,
  startNginx,
  startNode,
  startTinyproxy,
} from "./peers/interop-server.ts";
import { bodyOfStream, failureOf } from "./support.ts";

interface Peer {
  readonly start: () => InteropServer | Promise<InteropServer>;
  /** It is node:http, or hands on to it. */
  readonly isNode: boolean;
  /** Requests that a connection carries at most. */
  readonly perConnection: number;
}

const PEERS: Record<string, Peer> = {
  "node:http on Node": { start: startNode, isNode: true, perConnection: Number.POSITIVE_INFINITY },
  "Bun.serve": { start: startBun, isNode: false, perConnection: Number.POSITIVE_INFINITY },
};
if (hasNginx()) PEERS["node:http behind nginx, over TLS"] = { start: startNginx, isNode: true, perConnection: 100 };
else console.warn("!!! nginx is missing: no test of HTTP runs against it !!!");

const SEED = Number(process.env["INTEROP_SEED"] ?? Date.now() & 0xffffff);
const tls = testTls();

/** A client that connects anew where it must, and counts how often. */
class Session {
  connections = 0;
  readonly writer: RequestWriter;
  readonly reader: ResponseReader = new ResponseReader({ decoders: contentDecoders, maxBodySize: 64 << 20 });
  readonly #url: string;
  readonly #options: HttpOptions;
  #connection: HttpConnection | null = null;

  constructor(url: string, options: HttpOptions = {}) {
    this.writer = new RequestWriter(new URL(url).host, { capacity: 4 << 20 });
    this.#url = url;
    this.#options = { tls, ...options };
  }

  async connection(): Promise<HttpConnection> {
    if (this.#connection === null || !this.#connection.isReusable) {
      this.#connection = await HttpConnection.connect(this.#url, this.#options);
      this.connections++;
    }
    return this.#connection;
  }

  async send(message: ReturnType<RequestWriter["get"]>, options?: SendOptions): Promise<Response> {
    return (await this.connection()).send(message.finish(), this.reader, options);
  }

  [Symbol.dispose](): void {
    this.#connection?.close();
  }
}

describe.each(Object.entries(PEERS))("%s", (_, { start, isNode, perConnection }) => {
  let server: InteropServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test(`300 mixed requests, each with its own answer (INTEROP_SEED=${SEED})`, async () => {
    const random = seededRandom(SEED);
    using session = new Session(server.url);
    let closes = 0;
    for (let number = 0; number < 300; number++) {
      const kind = below(random, KINDS.length);
      if (await KINDS[kind]?.(session, random, number)) closes++;
    }
    expect(session.connections).toBeGreaterThan(0);
    expect(session.connections).toBeLessThanOrEqual(1 + closes + Math.ceil(300 / perConnection));
  }, 20_000);

  test("sees the request as it was written", async () => {
    using session = new Session(server.url);
    const message = session.writer.post("/echo").query("a b", "é&=").header("X-Key", "secret").body("body");
    const response = await (await session.connection()).send(message.finish(), session.reader);
    expect([response.header("x-method"), response.header("x-url"), response.bodyText()]).toEqual([
      "POST",
      "/echo?a%20b=%C3%A9%26%3D",
      "body",
    ]);
    expect((response.header("x-fields") ?? "").toLowerCase()).toContain('"x-key","secret"');
  });

  test("is streamed to and from, larger than every buffer", async () => {
    using session = new Session(server.url);
    const connection = await session.connection();
    for (const length of [null, 5_000_000]) {
      const upload = session.writer.post("/echo").bodyStream(length).finish();
      const body = Array.from({ length: 100 }, (__, at) => patternOf(50_000 + at).subarray(at));
      const response = await connection.send(upload, session.reader, { body });
      expect(Buffer.compare(response.bodyBytes(), Buffer.concat(body))).toBe(0);
    }
    for (const mode of ["", "&chunked"]) {
      const path = `/bytes?length=5000000${mode}`;
      const response = await session.send(session.writer.get(path), { stream: true });
      expect(Buffer.compare(await bodyOfStream(response), patternOf(5_000_000))).toBe(0);
    }
    expect(session.connections).toBe(1);
  });

  test("waits with Expect: 100-continue and is answered", async () => {
    using session = new Session(server.url, { continueTimeout: 2_000 });
    for (let round = 0; round < 3; round++) {
      const message = session.writer.post("/echo").header("Expect", "100-continue").body(`round ${round}`).finish();
      const response = await (await session.connection()).send(message, session.reader);
      expect(response.bodyText()).toBe(`round ${round}`);
    }
  });

  test("refuses a body before it has read it", async () => {
    using session = new Session(server.url);
    const body = {
      *[Symbol.iterator]() {
        for (let piece = 0; piece < 200; piece++) yield patternOf(100_000);
      },
    };
    const message = session.writer.post("/refuse").bodyStream(null).finish();
    const connection = await session.connection();
    const response = await connection.send(message, session.reader, { body, timeout: 5_000 });
    expect(response.status).toBe(413);
    expect(connection.isReusable).toBe(false);
  });

  test("is asked by request()", async () => {
    for (const coding of ["gzip", "deflate", "br"]) {
      const response = await request(`${server.url}/coded?coding=${coding}&length=50000`, { tls });
      expect([coding, Buffer.compare(response.body, patternOf(50_000))]).toEqual([coding, 0]);
    }
    expect((await request(`${server.url}/echo`, { tls, json: { a: 1 } })).bodyJson()).toEqual({ a: 1 });
    expect((await request(`${server.url}/nowhere`, { tls })).status).toBe(404);
  });

  if (isNode) {
    test("a body that is cut fails, with all that is known", async () => {
      using session = new Session(server.url);
      const connection = await session.connection();
      const half = await failureOf(connection.send(session.writer.get("/half").finish(), session.reader));
      expect([half.code, half.progress]).toEqual(["REQUEST_CONNECTION_LOST", "response-started"]);
      expect(connection.isReusable).toBe(false);
    });
  }
});

test("node: interim answers and trailers", async () => {
  await using server = await startNode();
  const hints: (string | null)[] = [];
  using session = new Session(server.url);
  const reader = new ResponseReader({ informational: (response) => hints.push(response.header("link")) });
  const connection = await session.connection();
  const hinted = await connection.send(session.writer.get("/hints").finish(), reader);
  expect([hinted.bodyText(), hints]).toEqual(["after the hint", ["</style.css>; rel=preload"]]);
  const trailed = await connection.send(session.writer.get("/trailers").header("TE", "trailers").finish(), reader);
  expect([trailed.bodyText(), trailed.trailer("x-sum")]).toEqual(["body", "4"]);
});

test("node: no answer at all, its keep-alive, and an upgrade", async () => {
  await using server = await startNode();
  using session = new Session(server.url);
  const cut = await failureOf(session.send(session.writer.get("/cut")));
  expect([cut.code, cut.progress]).toEqual(["REQUEST_CONNECTION_LOST", "sent"]);

  const kept = await session.send(session.writer.get("/echo"));
  expect(kept.keepAliveTimeout).toBe(5);
  expect((await session.connection()).isReusable).toBe(true);
  expect(session.connections).toBe(2);

  const connection = await session.connection();
  const upgrade = session.writer.get("/").header("Connection", "Upgrade").header("Upgrade", "echo/1").finish();
  expect((await connection.send(upgrade, session.reader)).upgraded).toBe(true);
  const { transport, rest } = connection.release();
  let heard = Buffer.from(rest).toString();
  transport.attach({ onBytes: (chunk) => (heard += Buffer.from(chunk)), onDrain() {}, onEnd() {}, onClose() {} });
  transport.write(Buffer.from("hello"), 0, 5);
  await until(() => heard === "welcome hello");
  transport.terminate();
});

if (hasNginx()) {
  test("nginx: files, gzipped and not, ranges, and its limit of requests on a connection", async () => {
    await using server = await startNginx();
    using session = new Session(server.url);
    for (let number = 0; number < 250; number++) {
      const message = session.writer.get("/file.json");
      if (number % 3 === 0) message.header("Accept-Encoding", "gzip");
      const response = await session.send(message);
      expect(response.header("content-encoding")).toBe(number % 3 === 0 ? "gzip" : null);
      if (response.bodyText() !== FILE) throw new Error(`answer ${number} is not the file`);
    }
    expect(session.connections).toBe(3);
    const part = session.writer.get("/file.json");
    part.header("Range", "bytes=0-9");
    expect([(await session.send(part)).status, session.reader.bodyComplete]).toEqual([206, true]);
    const unchanged = session.writer.get("/file.json");
    unchanged.header("If-Modified-Since", new Date(Date.now() + 60_000).toUTCString());
    expect((await session.send(unchanged)).status).toBe(200);
  });
}

const PROXIES: Record<string, () => Promise<InteropServer>> = {};
if (hasTinyproxy()) PROXIES["tinyproxy"] = startTinyproxy;
else console.warn("!!! tinyproxy is missing: no test of HTTP runs through it !!!");
if (hasMicrosocks()) PROXIES["microsocks"] = startMicrosocks;
else console.warn("!!! microsocks is missing: no test of HTTP runs through it !!!");

for (const [name, startProxy] of Object.entries(PROXIES)) {
  test(`through ${name}: keep-alive, streams, and TLS within where nginx is there`, async () => {
    await using proxy = await startProxy();
    await using server = await (hasNginx() ? startNginx() : startNode());
    using session = new Session(server.url, { proxy: proxy.url });
    const random = seededRandom(SEED);
    for (let number = 0; number < 60; number++) {
      await KINDS[below(random, KINDS.length)]?.(session, random, number);
    }
    const response = await session.send(session.writer.get("/bytes?length=3000000"), { stream: true });
    expect(Buffer.compare(await bodyOfStream(response), patternOf(3_000_000))).toBe(0);
  }, 20_000);
}

/** Makes a request of its kind and looks at the answer; true where that says that the connection ends. */
type Kind = (session: Session, random: Random, number: number) => Promise<boolean>;

const KINDS: readonly Kind[] = [
  async (session, _, number) => {
    const response = await session.send(session.writer.get(`/echo?number=${number}`));
    expect([response.status, response.header("x-url"), response.bodyLength]).toEqual([
      200,
      `/echo?number=${number}`,
      0,
    ]);
    return false;
  },
  async (session, random, number) => {
    const body = `${number} ${"x".repeat(below(random, 3000))}`;
    const message = session.writer.post("/echo").body(body).finish();
    const response = await (await session.connection()).send(message, session.reader);
    expect(response.bodyText()).toBe(body);
    return false;
  },
  async (session, random) => {
    const pieces = Array.from({ length: below(random, 6) }, (_, at) => `${at} ${"y".repeat(below(random, 20_000))}`);
    const message = session.writer.put("/echo").bodyStream(null).finish();
    const response = await (await session.connection()).send(message, session.reader, { body: pieces });
    expect([response.header("x-method"), response.bodyText() === pieces.join("")]).toEqual(["PUT", true]);
    return false;
  },
  async (session, random) => {
    const length = below(random, 200_000);
    const mode = below(random, 2) === 0 ? "" : "&chunked";
    const stream = below(random, 2) === 0;
    const response = await session.send(session.writer.get(`/bytes?length=${length}${mode}`), { stream });
    const body = stream ? await bodyOfStream(response) : response.bodyBytes();
    expect(Buffer.compare(body, patternOf(length))).toBe(0);
    return false;
  },
  async (session, random) => {
    const statuses = [204, 304, 404, 500, 503, 299];
    const status = statuses[below(random, statuses.length)] ?? 204;
    const response = await session.send(session.writer.get(`/status?status=${status}`));
    expect([response.status, response.bodyLength]).toEqual([status, 0]);
    return false;
  },
  async (session, random) => {
    const codings = ["gzip", "deflate", "br"];
    const coding = codings[below(random, 3)] ?? "gzip";
    const length = below(random, 5_000);
    const message = session.writer.get(`/coded?coding=${coding}&length=${length}`);
    const response = await (await session.connection()).send(
      message.header("Accept-Encoding", coding).finish(),
      session.reader,
    );
    expect(Buffer.compare(response.bodyBytes(), patternOf(length))).toBe(0);
    return false;
  },
  async (session, random) => {
    const response = await session.send(session.writer.head(`/bytes?length=${below(random, 1000)}`));
    expect([response.status, response.bodyLength]).toEqual([200, 0]);
    return false;
  },
  async (session) => {
    const response = await session.send(session.writer.get("/slow"), { stream: true });
    expect((await bodyOfStream(response)).toString()).toBe("one two three");
    return false;
  },
  async (session, random) => {
    if (below(random, 4) > 0) return false;
    const response = await session.send(session.writer.get("/close"));
    expect(response.bodyText()).toBe("closing");
    return true;
  },
];
