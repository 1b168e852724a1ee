/** Spins for messages that never come, in the way that its arguments name; says so first. */
import type { SpinWaitMode } from "../../../src/socket/spin-wait.ts";
import { SpinWsStream } from "../../../src/ws/spin-stream.ts";

const [url = "", wait = "spin"] = process.argv.slice(2);
const ws = SpinWsStream.connectSync(url, { wait: wait as SpinWaitMode });
console.log("waiting");
ws.recv();
