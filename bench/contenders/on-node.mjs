// What contender.ts does, in plain JavaScript, because Node 20 reads no TypeScript.
import { readFileSync } from "node:fs";
import hdr from "hdr-histogram-js";
import { inWindows } from "../windows.mjs";

const task = JSON.parse(process.argv[2]);

/** The certificate authority in force; null without TLS. */
export const ca = task.ca === null ? null : readFileSync(task.ca);

/**
 * Runs the task of this process's arguments and prints its result as one line of JSON. `dial(url)` resolves with an open socket, `listen(ws, take)`
 * has `take(data, isBinary)` called for each data message, where `data` has a `length` and `textOf(data)` is its text, and `cut(ws)` ends it.
 */
export async function contend({ dial, listen, textOf, cut }) {
  verify(await examine(`${task.url}/mix?repeat=${task.mixes}`), true);
  if (task.job === "receive") {
    const stream = `${task.url}/receive?kind=${task.kind}&size=${task.size}`;
    verify(await examine(`${stream}&count=${task.examined}&checked=1`), true);
    verify(await receive(`${stream}&count=${task.warmup}`), false);
    let wall = 0;
    let cpu = 0;
    await inWindows(task.windows, async () => {
      const receipt = verify(await receive(`${stream}&count=${task.count}`), false);
      wall += receipt.wall;
      cpu += receipt.cpu;
    });
    const messages = task.count * task.windows;
    console.log(JSON.stringify({ job: "receive", wall: wall / messages, cpu: cpu / messages }));
  } else {
    const histogram = hdr.build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: 10_000_000_000,
      numberOfSignificantValueDigits: 3,
    });
    let echoes = 0;
    await echo(task.warmup, () => {});
    await echo(task.count, (nanoseconds) => {
      echoes++;
      histogram.recordValue(nanoseconds);
    });
    if (echoes !== task.count)
      throw new Error(`Cannot accept the run: ${echoes} echoes came where ${task.count} were asked for`);
    const [p10, p50, p90, p99, p999] = [10, 50, 90, 99, 99.9].map(
      (percentile) => histogram.getValueAtPercentile(percentile) / 1_000,
    );
    console.log(JSON.stringify({ job: "echo", p10, p50, p90, p99, p999 }));
  }
  process.exit(0);

  async function receive(url) {
    const ws = await dial(url);
    const receipt = { messages: 0, bytes: 0, checksum: 0, end: "", wall: 0, cpu: 0 };
    await new Promise((resolve) => {
      let messages = 0;
      let bytes = 0;
      listen(ws, (data, isBinary) => {
        if (isBinary) {
          messages++;
          bytes += data.length;
        } else {
          receipt.wall = (performance.now() - started) * 1e6;
          const { user, system } = process.cpuUsage(cpu);
          receipt.cpu = (user + system) * 1_000;
          receipt.messages = messages;
          receipt.bytes = bytes;
          receipt.end = textOf(data);
          resolve();
        }
      });
      const cpu = process.cpuUsage();
      const started = performance.now();
      ws.send("go");
    });
    cut(ws);
    return receipt;
  }

  async function examine(url) {
    const ws = await dial(url);
    const receipt = { messages: 0, bytes: 0, checksum: 0, end: "", wall: 0, cpu: 0 };
    await new Promise((resolve) => {
      listen(ws, (data, isBinary) => {
        if (!isBinary && textOf(data).startsWith("end ")) {
          receipt.end = textOf(data);
          resolve();
          return;
        }
        const payload = typeof data === "string" ? Buffer.from(data) : data;
        receipt.messages++;
        receipt.bytes += payload.length;
        for (const byte of payload) receipt.checksum = (Math.imul(receipt.checksum, 31) + byte) | 0;
      });
      ws.send("go");
    });
    cut(ws);
    return receipt;
  }

  async function echo(count, record) {
    const payload = Uint8Array.from({ length: task.size }, (_, i) => i);
    const ws = await dial(`${task.url}/echo`);
    await new Promise((resolve) => {
      let left = count;
      let started = 0;
      listen(ws, (data) => {
        if (data.length !== payload.length) throw new Error("Cannot accept the run: an echo has another length");
        record(Math.round((performance.now() - started) * 1e6));
        if (--left === 0) {
          resolve();
          return;
        }
        started = performance.now();
        ws.send(payload);
      });
      started = performance.now();
      ws.send(payload);
    });
    cut(ws);
  }
}

function verify(receipt, checked) {
  const [word, messages, bytes, sum] = receipt.end.split(" ");
  const agrees =
    word === "end" &&
    receipt.messages === Number(messages) &&
    receipt.bytes === Number(bytes) &&
    (!checked || receipt.checksum >>> 0 === Number(sum));
  if (!agrees) throw new Error(`Cannot accept the run: ${JSON.stringify(receipt)} does not match its end frame`);
  return receipt;
}
