import { afterAll, beforeAll, expect, test } from "bun:test";
import { SpinLoop } from "../../src/ws/spin-loop.ts";
import type { SpinWsOptions } from "../../src/ws/spin-options.ts";
import { SpinWsStream } from "../../src/ws/spin-stream.ts";
import { testTls } from "../helpers/peer-server.ts";
import { SpinServer } from "./spin-support.ts";

let server: SpinServer;
/** The kernel begins to stamp packets of TCP a moment after the first socket of the machine asks for it: this one, which stays open. */
let asking: SpinWsStream;
beforeAll(async () => {
  server = await SpinServer.start();
  asking = open("/echo", { timestamps: true });
  const end = performance.now() + LIMIT.timeout;
  for (let stamp: bigint | null | undefined = null; typeof stamp !== "bigint"; await Bun.sleep(1)) {
    if (performance.now() > end) throw new Error("the kernel does not stamp");
    asking.sendText("stamped?");
    stamp = asking.recv(LIMIT)?.kernelReceivedAt;
  }
});
afterAll(async () => {
  asking.terminate();
  await server[Symbol.asyncDispose]();
});

const LIMIT = { timeout: 20_000 };
const open = (path: string, options: SpinWsOptions = {}): SpinWsStream =>
  SpinWsStream.connectSync(server.url(path), options);

/** Of the next `count` messages: text, stamp, kernel's stamp. */
function read(
  ws: { recv: SpinWsStream["recv"] },
  count: number,
): readonly (readonly [text: string, receivedAt: number, kernelReceivedAt: bigint | null])[] {
  return Array.from({ length: count }, () => {
    const message = ws.recv(LIMIT);
    if (message === null) throw new Error("it ended");
    return [message.text(), message.receivedAt, message.kernelReceivedAt];
  });
}

for (const wait of ["spin", "poll"] as const) {
  test(`the messages of a read share its stamps, and one of two reads has the second one's, by ${wait}`, () => {
    using ws = open("/parts", { wait, timestamps: true });
    const began = performance.now();
    const wallClock = BigInt(Date.now() - 1) * 1_000_000n;
    const messages = [...read(ws, 2)];
    ws.sendText("go on");
    messages.push(...read(ws, 2));
    expect(messages.map(([text]) => text)).toEqual(["a", "b", "cd", "e"]);
    const [first, second, third, fourth] = messages.map(([, ...stamps]) => stamps);
    expect(second).toEqual(first as never);
    expect(fourth).toEqual(third as never);
    const [early = 0, earlyKernel = 0n] = first ?? [];
    const [late = 0, lateKernel = 0n] = third ?? [];
    expect(late).toBeGreaterThan(early);
    expect(late).toBeLessThan(performance.now());
    expect(late).toBeGreaterThan(began);
    expect((lateKernel ?? 0n) - (earlyKernel ?? 0n)).toBeGreaterThan(20_000_000n);
    expect(earlyKernel ?? 0n).toBeGreaterThan(wallClock - 60_000_000_000n);
    expect(ws.kernelReceivedAt).toBe(lateKernel);
  });
}

test("each has that of its stream, in a loop over several", () => {
  using first = open("/parts", { timestamps: true });
  using second = open("/echo");
  using loop = new SpinLoop([first, second]);
  second.sendText("echo");
  const stamps = new Map<string, readonly [number, bigint | null]>();
  for (const [text, ...own] of read(loop, 3)) stamps.set(text, own);
  first.sendText("go on");
  for (const [text, ...own] of read(loop, 2)) stamps.set(text, own);
  expect(stamps.get("a")).toEqual(stamps.get("b") as never);
  expect(stamps.get("cd")).toEqual(stamps.get("e") as never);
  expect(stamps.get("cd")?.[0]).toBeGreaterThan(stamps.get("a")?.[0] ?? Number.NaN);
  expect(typeof stamps.get("e")?.[1]).toBe("bigint");
  expect(stamps.get("echo")?.[1]).toBeNull();
  expect(stamps.get("echo")?.[0]).toBeGreaterThan(0);
});

test("what came with the handshake has stamps", () => {
  const before = performance.now();
  using ws = open("/with-frames", { timestamps: true });
  const [[text, at, kernelAt] = ["", 0, null]] = read(ws, 1);
  expect(text).toBe("early");
  expect(at).toBeGreaterThan(before);
  expect(at).toBeLessThan(performance.now());
  expect(kernelAt).toBeGreaterThan(0n);
});

test("over TLS", async () => {
  using ws = await SpinWsStream.connect(server.secureUrl, { tls: testTls(), timestamps: true });
  ws.sendText("1");
  const [[, first, firstKernel] = ["", 0, null]] = read(ws, 1);
  ws.sendText("2");
  const [[, second, secondKernel] = ["", 0, null]] = read(ws, 1);
  expect(second).toBeGreaterThan(first);
  expect(secondKernel).toBeGreaterThan(firstKernel ?? 0n);
});

test("without the option the kernel does not stamp; we do", () => {
  using ws = open("/greet");
  const message = ws.recv(LIMIT);
  expect(message?.kernelReceivedAt).toBeNull();
  expect(message?.receivedAt).toBeGreaterThan(0);
});
