import { forgetDescriptor } from "../../../src/socket/spin-descriptor.ts";
import { SpinWsStream } from "../../../src/spin/mod.ts";

/** A Worker that leaves a stream open: the URL, and how it dies. */
const [url = "", how = ""] = process.argv.slice(2);
const ws = SpinWsStream.connectSync(url);
ws.sendText("here");
if (how === "handed over") {
  forgetDescriptor(ws.fd);
  postMessage(ws.fd);
  process.exit(0);
}
if (how === "throw") throw new Error("a Worker that dies");
if (how === "exit") process.exit(0);
if (how === "terminate") while (ws.recv() !== null);
