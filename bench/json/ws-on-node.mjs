// `ws` under Node: `JSON.parse` of the message's text. Plain JavaScript, and its own copy of what contender.ts does, because Node 20 reads no
// TypeScript.
import WebSocket from "ws";

const task = JSON.parse(process.argv[2]);
const BRACE = 0x7b;

function dial(url) {
  const ws = new WebSocket(url, { perMessageDeflate: false, maxPendingAutoPongs: 0 });
  return new Promise((resolve, reject) => {
    ws.on("open", () => resolve(ws));
    ws.on("error", reject);
  });
}

async function drain(url) {
  const ws = await dial(url);
  await new Promise((resolve) => {
    ws.on("message", (data, isBinary) => {
      if (!isBinary && data.toString().startsWith("end ")) resolve();
    });
    ws.send("go");
  });
  ws.terminate();
}

async function receive(url) {
  const ws = await dial(url);
  const receipt = { messages: 0, sum: 0, end: "", wall: 0, cpu: 0 };
  await new Promise((resolve) => {
    let messages = 0;
    let sum = 0;
    ws.on("message", (data) => {
      if (data[0] === BRACE) {
        messages++;
        sum = (sum + JSON.parse(data.toString()).u) | 0;
      } else {
        receipt.wall = (performance.now() - started) * 1e6;
        const { user, system } = process.cpuUsage(cpu);
        receipt.cpu = (user + system) * 1_000;
        receipt.messages = messages;
        receipt.sum = sum;
        receipt.end = data.toString("latin1");
        resolve();
      }
    });
    const cpu = process.cpuUsage();
    const started = performance.now();
    ws.send("go");
  });
  ws.terminate();
  return receipt;
}

async function verified(count, sum) {
  const receipt = await receive(`${task.url}/receive?kind=json&size=${task.size}&count=${count}`);
  if (receipt.messages !== count || receipt.sum !== sum || Number(receipt.end.split(" ")[1]) !== count)
    throw new Error(
      `Cannot accept the run: ${JSON.stringify(receipt)} where ${count} messages with a sum of ${sum} were sent`,
    );
  return receipt;
}

await drain(`${task.url}/mix?repeat=${task.mixes}`);
await verified(task.warmup, task.warmupSum);
const { wall, cpu } = await verified(task.count, task.sum);
console.log(JSON.stringify({ wall: wall / task.count, cpu: cpu / task.count }));
process.exit(0);
