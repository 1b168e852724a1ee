import { parentPort, workerData } from "node:worker_threads";
import { type SharedHandle, SharedSlot } from "../../src/pool/mod.ts";

/** The other end of `hand-over.ts`: does what the way says with what comes. */
parentPort?.on("message", async (data: SharedHandle) => {
  if (workerData === "message") {
    parentPort?.postMessage(data.index);
    return;
  }
  using slot = SharedSlot.from(data);
  if (workerData === "lease") return;
  const { status } = await slot.send(slot.writer.get("/").finish());
  if (status !== 200) throw new Error(`Cannot accept the run: the answer is ${status}`);
});
parentPort?.postMessage("listening");
