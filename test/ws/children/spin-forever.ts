/** Spins for what never comes, in the way that its arguments name; says so first. */
import { RequestWriter } from "../../../src/codec/http/request-writer.ts";
import { ResponseReader } from "../../../src/codec/http/response-reader.ts";
import { SpinHttpConnection } from "../../../src/http/spin-connection.ts";
import type { SpinWaitMode } from "../../../src/socket/spin-wait.ts";
import { SpinFeed } from "../../../src/ws/spin-feed.ts";
import { SpinLoop } from "../../../src/ws/spin-loop.ts";
import { SpinWsStream } from "../../../src/ws/spin-stream.ts";

const [url = "", mode = "spin", what = "recv"] = process.argv.slice(2);
const wait = mode as SpinWaitMode;
const patience = { connectTimeout: 600_000, tlsTimeout: 600_000, closeTimeout: 600_000 };
const say = (): void => console.log("waiting");
const open = (): SpinWsStream => SpinWsStream.connectSync(url, { wait, ...patience });

const WAYS: Readonly<Record<string, () => unknown>> = {
  recv() {
    const ws = open();
    say();
    ws.recv();
  },
  loop() {
    const loop = new SpinLoop([open()], { wait });
    say();
    loop.recv();
  },
  leaving() {
    using ws = open();
    say();
    ws.sendPing();
  },
  connecting() {
    say();
    open();
  },
  tls() {
    say();
    SpinWsStream.connectSync(url.replace("ws:", "wss:"), { wait, ...patience });
  },
  request() {
    const connection = SpinHttpConnection.connectSync(url.replace("ws:", "http:"), { wait });
    say();
    connection.send(new RequestWriter("h").get("/").finish(), new ResponseReader());
  },
  async feed() {
    const feed = await SpinFeed.open(url, { wait });
    say();
    await feed.recv();
  },
};

await WAYS[what]?.();
