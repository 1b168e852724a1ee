import { heapStats } from "bun:jsc";
import { RequestWriter, ResponseReader } from "../../src/codec/mod.ts";
import { SpinHttpConnection, SpinWsStream } from "../../src/spin/mod.ts";
import { GO } from "../contenders/ours.ts";

/**
 * Heap bytes and objects that one message, round trip or request allocates, by the heap's growth over the second half of a run with the
 * collector off (`BUN_JSC_useGC=0`). Arguments: what (`receive`, `echo`, `request`), address, count. Prints one line of JSON.
 */
const [what = "", url = "", count = ""] = process.argv.slice(2);
const total = Number(count);

let bytes = 0;
let objects = 0;
function look(done: number): void {
  if (done !== total >> 1 && done !== total) return;
  const sign = done === total ? 1 : -1;
  bytes += sign * process.memoryUsage().heapUsed;
  for (const number of Object.values(heapStats().objectTypeCounts)) objects += sign * number;
}

if (what === "request") await sendRequests();
else await readMessages(what === "echo");
const half = total - (total >> 1);
console.log(JSON.stringify({ bytes: bytes / half, objects: objects / half }));
process.exit(0);

async function readMessages(asks: boolean): Promise<void> {
  const ws = await SpinWsStream.connect(url, { wait: "spin" });
  const payload = new Uint8Array(40);
  if (!asks) ws.sendBinary(GO);
  for (let done = 1; done <= total; done++) {
    if (asks) ws.sendBinary(payload);
    const message = ws.recv();
    if (message?.kind !== "binary") throw new Error(`Cannot accept the run: message ${done} is a ${message?.kind}`);
    look(done);
  }
}

async function sendRequests(): Promise<void> {
  const connection = await SpinHttpConnection.connect(url, { wait: "spin" });
  const writer = new RequestWriter("127.0.0.1");
  const reader = new ResponseReader();
  for (let done = 1; done <= total; done++) {
    const { status } = connection.send(writer.get("/").finish(), reader);
    if (status !== 200) throw new Error(`Cannot accept the run: answer ${done} is ${status}`);
    look(done);
  }
}
