import { parentPort, workerData } from "node:worker_threads";
import { serveForGood } from "./blocking.ts";

/** One of the threads of the plain listener, whose descriptor is its data. */
parentPort?.postMessage("ready");
serveForGood(workerData);
