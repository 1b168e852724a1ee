import { describe, expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { threadEnd } from "../../src/ffi/thread-end.ts";
import { cutDescriptor } from "../../src/socket/spin-descriptor.ts";
import { PeerServer } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { blackhole, serve } from "../socket/support.ts";

const forever = fileURLToPath(new URL("./children/spin-forever.ts", import.meta.url));

/** Starts a process that waits for ever, ends it by a signal, and returns the milliseconds that it took to be gone. */
async function interrupted(url: string, wait: string, what: string, signal: "SIGINT" | "SIGTERM"): Promise<number> {
  const child = Bun.spawn([process.execPath, forever, url, wait, what], { stdout: "pipe", stderr: "inherit" });
  expect(new TextDecoder().decode((await child.stdout.getReader().read()).value)).toBe("waiting\n");
  await Bun.sleep(20);
  const from = performance.now();
  child.kill(signal);
  await child.exited;
  expect(child.signalCode).toBe(signal);
  return performance.now() - from;
}

/** The least of some tries: a machine that is busy with others may hold up one. */
async function least(act: () => Promise<number>): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 5 && shortest >= 100; turn++) shortest = Math.min(shortest, await act());
  return shortest;
}

for (const wait of ["spin", "poll", "spin-then-poll"]) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} ends a process that waits by ${wait} within 100 ms, and the peer learns it`, async () => {
      using server = new PeerServer();
      expect(await least(() => interrupted(server.url, wait, "recv", signal))).toBeLessThan(100);
      for (const peer of server.peers) await peer.until(({ sawEnd, gone }) => sawEnd || gone);
    });
  }
}

describe.each(["spin", "poll"])("a process that waits by %s", (wait) => {
  test.each([
    ["in a loop", "loop"],
    ["for the end of a stream that it leaves", "leaving"],
    ["for an answer to its upgrade", "connecting"],
    ["for the other side of TLS", "tls"],
    ["for an answer to its request", "request"],
    ["in a Worker", "feed"],
  ])("%s is ended by SIGINT within 100 ms", async (_, what) => {
    using open = new PeerServer({ answersClose: false });
    using mute = serve();
    const url = what === "loop" || what === "leaving" || what === "feed" ? open.url : `ws://127.0.0.1:${mute.port}/`;
    expect(await least(() => interrupted(url, wait, what, "SIGINT"))).toBeLessThan(100);
    const gone = (): boolean => mute.closes.length + mute.ends >= mute.sockets.length;
    for (const peer of open.peers) await peer.until(({ sawEnd, gone }) => sawEnd || gone);
    await until(gone);
  });

  test("for somebody to accept is ended by SIGINT within 100 ms", async () => {
    using hole = blackhole();
    const url = `ws://127.0.0.1:${hole.port}/`;
    expect(await least(() => interrupted(url, wait, "connecting", "SIGINT"))).toBeLessThan(100);
  });
});

test.each(["throw", "exit", "end", "terminate"])("a Worker that dies by %s leaves no descriptor", async (how) => {
  using server = new PeerServer();
  const worker = new Worker(new URL("./children/spin-dies.ts", import.meta.url), { argv: [server.url, how] });
  const errors: string[] = [];
  worker.onerror = (event) => {
    event.preventDefault();
    errors.push(event.message);
  };
  const ended = new Promise((resolve) => worker.addEventListener("close", resolve));
  const peer = await server.peer();
  if (how === "terminate") {
    await peer.messages(1);
    worker.terminate();
  }
  await peer.until(({ gone, sawEnd }) => gone || sawEnd);
  // The peer can learn of it before this thread is told of the error.
  await ended;
  expect(errors.length).toBe(how === "throw" ? 1 : 0);
});

test("Workers that die by themselves use up nothing of the process", async () => {
  using server = new PeerServer();
  const before = nextValue();
  for (let at = 0; at < 6; at++) {
    const worker = new Worker(new URL("./children/spin-dies.ts", import.meta.url), { argv: [server.url, "exit"] });
    await new Promise((resolve) => worker.addEventListener("close", resolve));
  }
  expect(nextValue() - before).toBeLessThan(6);
});

test("a descriptor that another thread sees to is not closed by the Worker that dies, so that it is closed once", async () => {
  using server = new PeerServer();
  const worker = new Worker(new URL("./children/spin-dies.ts", import.meta.url), { argv: [server.url, "handed over"] });
  const ended = new Promise((resolve) => worker.addEventListener("close", resolve));
  const fd = await new Promise<number>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  });
  await ended;
  const peer = await server.peer();
  expect([peer.gone, peer.sawEnd, readlinkSync(`/proc/self/fd/${fd}`).slice(0, 7)]).toEqual([false, false, "socket:"]);
  cutDescriptor(fd);
  await peer.until(({ gone }) => gone);
});

test("nothing spins once it is closed", async () => {
  using server = new PeerServer();
  const script = fileURLToPath(new URL("./children/spin-afterwards.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, script, server.url], { stdout: "pipe", stderr: "inherit" });
  const { spinning, closed } = JSON.parse(await child.stdout.text());
  expect(await child.exited).toBe(0);
  // A thread that spins takes all of the CPU that others leave it.
  expect(closed).toBeLessThan(spinning / 3);
}, 30_000);

/** The number of the thread-specific value that the process would give next: the lowest that is free. */
function nextValue(): number {
  const end = threadEnd();
  const key = end?.close(FAR_AWAY) ?? -1;
  end?.forget(key);
  return key;
}

/** No descriptor. */
const FAR_AWAY = 1 << 30;
