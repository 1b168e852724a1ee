/** Prints, as JSON, the share of a CPU that this process takes while a feed spins, and after all that can spin was closed. */
import { SpinHttpConnection } from "../../../src/http/spin-connection.ts";
import { SpinFeed } from "../../../src/ws/spin-feed.ts";
import { SpinLoop } from "../../../src/ws/spin-loop.ts";
import { SpinWsStream } from "../../../src/ws/spin-stream.ts";

const [url = ""] = process.argv.slice(2);

async function share(): Promise<number> {
  const before = process.cpuUsage();
  const from = performance.now();
  await Bun.sleep(400);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - from);
}

const feed = await SpinFeed.open(url, { wait: "spin" });
const spinning = await share();
await feed[Symbol.asyncDispose]();

const read = SpinWsStream.connectSync(url, { wait: "spin" });
read.close(1000);
while (read.recv() !== null);
SpinWsStream.connectSync(url, { wait: "spin" }).terminate();
const one = SpinWsStream.connectSync(url, { wait: "spin" });
{
  using loop = new SpinLoop([one], { wait: "spin" });
  one.terminate();
  try {
    loop.recv();
  } catch {}
}
{
  using ws = SpinWsStream.connectSync(url, { wait: "spin" });
  ws.sendText("left");
}
SpinHttpConnection.connectSync(url.replace("ws:", "http:"), { wait: "spin" }).close();
const cut = await SpinFeed.open(url, { wait: "spin" });
await cut.terminate();
console.log(JSON.stringify({ spinning, closed: await share() }));
