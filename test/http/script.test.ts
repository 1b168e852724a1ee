import { expect, test } from "bun:test";
import { RequestWriter } from "../../src/codec/http/request-writer.ts";
import { ResponseReader } from "../../src/codec/http/response-reader.ts";
import { HttpConnection } from "../../src/http/connection.ts";
import { RequestError, type RequestErrorCode } from "../../src/http/errors.ts";
import type { SendOptions } from "../../src/http/options.ts";
import { type MemoryPairOptions, memoryPair } from "../../src/socket/memory-pair.ts";
import { below, type Random, seededRandom } from "../helpers/random.ts";
import { inTime, turn, turnUntil } from "../helpers/wait.ts";
import { HttpPeer, RawServer, type SeenRequest } from "./support.ts";

/*
 * Invariant: whatever a server does with its answers (framings, splits, interim ones, ends, faults, bytes that nobody asked for) and the
 * transport with writes and chunks, each request ends exactly once: with the body that was made for it, or with a typed error whose
 * progress is what the server saw. No answer ever goes to another request, none is sent twice, and a connection that broke is used no
 * more. A script is its seed: SCRIPT_SEED repeats one, SCRIPT_RUNS sets how many run.
 */
const RUNS = Number(process.env["SCRIPT_RUNS"] ?? 120);
const SEED = Number(process.env["SCRIPT_SEED"] ?? Date.now() & 0xffffff);

test(`random servers, each request with its own end (SCRIPT_SEED=${SEED})`, async () => {
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    try {
      await inTime("the script's end", new Script(seed).run());
    } catch (error) {
      throw new Error(`SCRIPT_SEED=${seed} SCRIPT_RUNS=1`, { cause: error });
    }
  }
}, 60_000);

/** What the server does with one request. */
interface Plan {
  readonly number: number;
  readonly method: "GET" | "HEAD" | "POST";
  readonly upload: "none" | "written" | "chunked" | "stated";
  readonly uploadSize: number;
  readonly fate: Fate;
  /** The whole answer. */
  readonly answer: string;
  /** What the client must make of its body. */
  readonly body: string;
  /** Where `answer` is cut into writes. */
  readonly cuts: readonly number[];
  /** For `cut` and `reset`: how much of it is sent. */
  readonly keep: number;
  readonly early: boolean;
  readonly ends: boolean;
  readonly stream: boolean;
  readonly leave: boolean;
  readonly impatience: "timeout" | "signal";
}

const FATES = [
  "ok",
  "ok",
  "ok",
  "ok",
  "ok",
  "cut",
  "reset",
  "garbage",
  "silent",
  "deaf",
  "stray",
  "idle FIN",
  "idle RST",
] as const;
type Fate = (typeof FATES)[number];

class Script {
  readonly #random: Random;
  readonly #overTcp: boolean;
  readonly #plans: Plan[] = [];
  readonly #peers: HttpPeer[] = [];
  /** By number: times that a request came whole. */
  readonly #came = new Map<number, number>();
  /** What the server still does: nothing of it outlives the script. */
  readonly #acts: Promise<void>[] = [];
  readonly #pair: MemoryPairOptions;
  readonly #reader: ResponseReader;
  readonly #writer = new RequestWriter("h", { capacity: 64 << 10 });
  #server: RawServer | null = null;
  #connection: HttpConnection | null = null;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#overTcp = seed % 5 === 0;
    const pick = <T>(...values: readonly T[]): T => this.#pick(values);
    const [chunkSize, writeSize] = [pick(0, 0, 0, 1, 7, 100), pick(0, 0, 0, 1, 13, 500)];
    this.#pair = {
      capacity: pick(1, 50, 1000, 65_536),
      ...(chunkSize === 0 ? {} : { chunkSize }),
      ...(writeSize === 0 ? {} : { writeSize }),
    };
    this.#reader = new ResponseReader({ capacity: pick(256, 512, 32 << 10) });
  }

  async run(): Promise<void> {
    using server = this.#overTcp
      ? new RawServer({ ...this.#behaviour, onPeer: (peer) => this.#peers.push(peer) })
      : null;
    this.#server = server;
    const count = 5 + below(this.#random, 15);
    for (let number = 0; number < count; number++) await this.#request(number);
    this.#connection?.terminate();
    await turn();
    await Promise.all(this.#acts);
    for (const [number, times] of this.#came) expect([number, times]).toEqual([number, 1]);
  }

  /** One request, from its plan to its end. */
  async #request(number: number): Promise<void> {
    const plan = this.#plan(number);
    this.#plans.push(plan);
    const connection = await this.#connect();
    const peer = this.#peers.at(-1);
    if (peer === undefined) throw new Error("no peer");
    const before = peer.bytesReceived;
    const { message, options, impatient } = this.#message(plan);
    let ends = 0;
    let closes = 0;
    connection.onClosed = () => closes++;
    const sending = connection.send(message, this.#reader, options);
    void sending.then(
      () => ends++,
      () => ends++,
    );
    impatient?.();
    try {
      const response = await sending;
      if (response.streamed && plan.leave) {
        let read = "";
        for await (const piece of response.stream()) {
          read += Buffer.from(piece).toString();
          break;
        }
        expect(plan.body.startsWith(read)).toBe(true);
      } else {
        let read = "";
        for await (const piece of response.stream()) read += Buffer.from(piece).toString();
        expect(read).toBe(plan.body);
        expect(["ok", "stray", "idle FIN", "idle RST"]).toContain(plan.fate);
        // Where a request is answered early, the rest of it may still be on its way.
        if (!plan.early) expect(this.#came.get(number)).toBe(1);
        if (plan.ends) expect(connection.isReusable).toBe(false);
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const { code, progress, bytesSent } = error;
      expect(ERRORS[plan.fate]).toContain(code);
      expect([connection.state, connection.isReusable]).toEqual(["closed", false]);
      const received = peer.bytesReceived - before;
      expect(received).toBeLessThanOrEqual(bytesSent);
      if (progress === "not-sent") expect(bytesSent).toBe(0);
      else expect(bytesSent).toBeGreaterThan(0);
      if (this.#came.has(number)) expect(["sent", "response-started"]).toContain(progress);
      if (progress === "sent" && plan.upload !== "chunked") {
        expect(bytesSent).toBe(message.length + (plan.upload === "stated" ? plan.uploadSize : 0));
      }
      if (progress === "partly-sent") expect(this.#came.has(number)).toBe(false);
      if (plan.fate === "silent" || plan.fate === "deaf") expect(progress).not.toBe("response-started");
      if (plan.fate === "garbage") expect(progress).toBe("response-started");
      // A reset may overtake what was sent before it.
      if (plan.fate === "cut") expect(progress === "response-started").toBe(plan.keep > 0);
      if (plan.fate === "reset" && plan.keep === 0) expect(progress).not.toBe("response-started");
    }
    await turn();
    expect(ends).toBe(1);
    if (["stray", "idle FIN", "idle RST"].includes(plan.fate)) {
      // It must go by itself: nobody asks it.
      await turnUntil("onClosed", () => closes > 0);
      expect(connection.state).toBe("closed");
    }
    expect(closes).toBe(connection.state === "closed" ? 1 : 0);
    if (connection.state === "closed") this.#connection = null;
  }

  async #connect(): Promise<HttpConnection> {
    if (this.#connection?.isReusable === true) return this.#connection;
    if (this.#server !== null) {
      const before = this.#peers.length;
      this.#connection = await HttpConnection.connect(this.#server.url);
      await turnUntil("the server's end", () => this.#peers.length > before);
    } else {
      const [near, far] = memoryPair(this.#pair);
      this.#peers.push(new HttpPeer(far, this.#behaviour));
      this.#connection = await HttpConnection.connectWith(near, "http://h");
    }
    return this.#connection;
  }

  #message(plan: Plan) {
    const { number, method, upload, uploadSize, fate, stream } = plan;
    const stage = this.#writer.request(method, `/${number}`);
    const text = "u".repeat(uploadSize);
    const half = uploadSize >> 1;
    const options: { -readonly [Key in keyof SendOptions]: SendOptions[Key] } = { stream };
    let impatient: (() => void) | null = null;
    if (fate === "silent" || fate === "deaf") {
      if (plan.impatience === "timeout") options.timeout = 10;
      else {
        const controller = new AbortController();
        options.signal = controller.signal;
        impatient = () => void turn().then(() => controller.abort());
      }
    }
    if (upload === "none") return { message: stage.finish(), options, impatient };
    if (upload === "written") return { message: stage.body(text).finish(), options, impatient };
    options.body = [text.slice(0, half), text.slice(half)];
    return { message: stage.bodyStream(upload === "chunked" ? null : uploadSize).finish(), options, impatient };
  }

  readonly #behaviour = {
    onHead: (request: SeenRequest, peer: HttpPeer): null => {
      const plan = this.#planOf(request);
      if (plan.fate === "deaf") peer.stall();
      if (plan.early) this.#acts.push(this.#act(plan, peer));
      return null;
    },
    answer: (request: SeenRequest, peer: HttpPeer): null => {
      const plan = this.#planOf(request);
      this.#came.set(plan.number, (this.#came.get(plan.number) ?? 0) + 1);
      expect(request.body.length).toBe(plan.uploadSize);
      if (!plan.early) this.#acts.push(this.#act(plan, peer));
      return null;
    },
  };

  /** Answers as planned. */
  async #act(plan: Plan, peer: HttpPeer): Promise<void> {
    const { fate, answer, cuts, keep } = plan;
    if (fate === "silent" || fate === "deaf") return;
    const text = fate === "garbage" ? answer.replace("HTTP/1.", "HTTP/7.") : answer;
    const end = fate === "cut" || fate === "reset" ? keep : text.length;
    let at = 0;
    for (const cut of [...cuts.filter((each) => each < end), end]) {
      if (cut > at) peer.send(Buffer.from(text.slice(at, cut)));
      at = cut;
      if (cut < end) await turn();
    }
    if (fate === "cut" || (plan.ends && fate === "ok")) peer.end();
    else if (fate === "stray") {
      await turn();
      await turn();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray");
    } else if (fate !== "ok" && fate !== "garbage") {
      // What is on its way is to arrive, if anyone is left to read it.
      await peer.until(({ waiting, gone }) => waiting === 0 || gone);
      await turn();
      if (fate === "idle FIN") peer.end();
      else peer.reset();
    }
  }

  #planOf(request: SeenRequest): Plan {
    const plan = this.#plans[Number(request.target.slice(1))];
    if (plan === undefined) throw new Error(`nobody asked for ${request.line}`);
    return plan;
  }

  #plan(number: number): Plan {
    const random = this.#random;
    const pick = <T>(...values: readonly T[]): T => this.#pick(values);
    const chance = (of: number): boolean => below(random, of) === 0;
    const method = pick("GET", "GET", "HEAD", "POST", "POST", "POST");
    const upload = method === "POST" ? pick("written", "chunked", "stated") : "none";
    const uploadSize = upload === "none" ? 0 : pick(0, 1, 20, below(random, 3000));
    const size = pick(0, 1, 30, below(random, 400), below(random, 5000));
    const unique = `${number}:`.repeat(size);
    const framing = pick("length", "length", "chunked", "until close", "none");
    const bodiless = method === "HEAD" || framing === "none";
    const last = framing === "until close" || chance(6);
    let fate = pick(...FATES);
    if (last && (fate === "stray" || fate.startsWith("idle"))) fate = "ok";
    // Cut in its body it would be whole.
    const head = this.#head(framing, unique, last);
    const data = bodiless ? "" : framing === "chunked" ? this.#chunks(unique) : unique;
    const answer = this.#interims() + head + data;
    const most = framing === "until close" && !bodiless ? answer.length - data.length : answer.length;
    return {
      number,
      method,
      upload,
      uploadSize,
      fate,
      answer,
      body: bodiless ? "" : unique,
      cuts: Array.from({ length: below(random, 5) }, () => below(random, answer.length)).sort((a, b) => a - b),
      keep: pick(0, below(random, most), most - 1),
      early: upload !== "none" && chance(6),
      ends: last,
      stream: chance(3),
      leave: chance(5),
      impatience: pick("timeout", "signal"),
    };
  }

  #head(framing: string, body: string, last: boolean): string {
    const old = last && below(this.#random, 3) === 0 && framing !== "chunked";
    const fields = [
      ...(framing === "length" ? [`Content-Length: ${body.length}`] : []),
      ...(framing === "chunked" ? ["Transfer-Encoding: chunked"] : []),
      ...(last && !old ? ["Connection: x, close"] : []),
      ...(below(this.#random, 2) === 0 ? [`X-Pad: ${"p".repeat(below(this.#random, 60))}`] : []),
    ];
    const status = framing === "none" ? this.#pick(["204 No Content", "304 Not Modified"]) : "200 OK";
    return `HTTP/1.${old ? 0 : 1} ${status}\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`;
  }

  #chunks(body: string): string {
    let text = "";
    for (let at = 0; at < body.length; ) {
      const size = Math.min(body.length - at, 1 + below(this.#random, 700));
      text += `${size.toString(16)}${below(this.#random, 5) === 0 ? ";a=b" : ""}\r\n${body.slice(at, at + size)}\r\n`;
      at += size;
    }
    return `${text}0\r\n${below(this.#random, 4) === 0 ? "X-Trailer: t\r\n" : ""}\r\n`;
  }

  #interims(): string {
    const count = below(this.#random, 4) === 0 ? 1 + below(this.#random, 3) : 0;
    return "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(count);
  }

  #pick<T>(values: readonly T[]): T {
    return values[below(this.#random, values.length)] as T;
  }
}

/** What a request may fail with. */
const ERRORS: Readonly<Record<Fate, readonly RequestErrorCode[]>> = {
  ok: [],
  cut: ["REQUEST_CONNECTION_LOST"],
  reset: ["REQUEST_CONNECTION_LOST"],
  garbage: ["REQUEST_BAD_RESPONSE"],
  silent: ["REQUEST_TIMEOUT", "REQUEST_ABORTED"],
  deaf: ["REQUEST_TIMEOUT", "REQUEST_ABORTED"],
  stray: [],
  "idle FIN": [],
  "idle RST": [],
};
