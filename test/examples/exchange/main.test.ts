import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../examples/exchange/main.ts", import.meta.url));

function spawn(...args: string[]) {
  return Bun.spawn([process.execPath, MAIN, ...args], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  return text;
}

test("one line of JSON with its urls, a book over wss and https, and the end with its standard input", async () => {
  const child = spawn("--tls", "--seed", "7", "--rate", "500", "--symbols", "BTCUSDT,ETHUSDT");
  const { ws: url, rest: restUrl, ca, ...others } = JSON.parse(await firstLine(child.stdout));
  expect(others).toMatchObject({ seed: 7, rate: 500, symbols: ["BTCUSDT", "ETHUSDT"] });
  const ws = new WebSocket(`${url}/ethusdt@bookTicker`, { tls: { ca: Bun.file(ca) } });
  const event = await new Promise<MessageEvent>((resolve) => ws.addEventListener("message", resolve, { once: true }));
  expect(JSON.parse(String(event.data))).toMatchObject({ s: "ETHUSDT" });
  const depth = await fetch(`${restUrl}/api/v3/depth?symbol=ETHUSDT`, { tls: { ca: Bun.file(ca) } });
  expect(await depth.json()).toMatchObject({ lastUpdateId: expect.any(Number) });
  child.stdin.end();
  expect(await child.exited).toBe(0);
  ws.terminate();
});

test("SIGTERM ends it in order", async () => {
  const child = spawn();
  await firstLine(child.stdout);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
});

test("SIGINT is left to the program that started it", async () => {
  const child = spawn("--rate", "1000");
  const { ws: url } = JSON.parse(await firstLine(child.stdout));
  child.kill("SIGINT");
  const ws = new WebSocket(`${url}/btcusdt@bookTicker`);
  await new Promise<MessageEvent>((resolve) => ws.addEventListener("message", resolve, { once: true }));
  child.stdin.end();
  expect(await child.exited).toBe(0);
  ws.terminate();
});

test("a wrong argument is named, with the usage, and exits with 2", async () => {
  for (const [args, complaint] of [
    [["--fault", "nap"], 'Cannot read fault: "nap"'],
    [["--rate", "fast"], "Cannot start exchange: rate is NaN"],
    [["--unheard-of"], "--unheard-of"],
  ] as const) {
    const child = spawn(...args);
    const [code, text] = await Promise.all([child.exited, new Response(child.stderr).text()]);
    expect([code, text.includes(complaint), text.includes("Usage:")]).toEqual([2, true, true]);
  }
});
