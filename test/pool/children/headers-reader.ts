/** Reads the headers of a board, handed in, over and over while another thread changes them; tells how often both fields agreed. */
import { parentPort, workerData } from "node:worker_threads";
import { Board } from "../../../src/pool/shared-board.ts";
import { sharedWriter } from "../../../src/pool/shared-headers.ts";

const board = new Board(workerData as SharedArrayBuffer);
const memory = board.requestBytes(board.newSlotMemory());
let whole = 0;
let torn = 0;
while (whole + torn < 2_000) {
  const { writer } = sharedWriter(board, memory);
  const head = Buffer.from(writer.get("/").finish().bytes()).toString("latin1");
  const [, one] = /X-One: (.*)\r\n/.exec(head) ?? [];
  const [, two] = /X-Two: (.*)\r\n/.exec(head) ?? [];
  if (one === two && (one === undefined || /^(.)\1*$/.test(one))) whole++;
  else torn++;
}
parentPort?.postMessage({ whole, torn });
