import { heapStats } from "bun:jsc";
import { dialBareClient } from "./bare-client.ts";
import type { RequestClient } from "./contender.ts";
import { answers } from "./messages.ts";
import { dialOurClient, writeAndRead } from "./our-client.ts";
import type { RequestTask } from "./task.ts";

/**
 * Heap bytes and objects that a request and its answer allocate, by the heap's growth between two requests of one connection. Runs with
 * the collector off (`BUN_JSC_useGC=0`), so that nothing is taken back in between. Arguments: the task, and `limit` (a bare socket: the
 * chunk that Bun makes for each answer, and the promise), `connection`, or `codec` (written and read in memory, without either). Prints
 * one line of JSON.
 */
const [text = "null", way = ""] = process.argv.slice(2);
const task: RequestTask = JSON.parse(text);

const { bytes, objects } =
  way === "codec"
    ? await growth(codecClient())
    : way === "limit"
      ? await growth(await dialBareClient(task, null))
      : await growth(await dialOurClient(task, null));
console.log(JSON.stringify({ bytes, objects }));
process.exit(0);

/** Writes and reads in memory; what it returns is no promise, and awaiting that costs none. */
function codecClient(): { request(): number; check(bodyLength: number): void } {
  const messages = answers(task.kind);
  const once = writeAndRead(task);
  let index = 0;
  return {
    request: () => once(messages[index++ % messages.length]!),
    check(bodyLength) {
      if (bodyLength !== task.bodyLength) throw new Error(`Cannot accept the run: a body has ${bodyLength} bytes`);
    },
  };
}

async function growth<Answer>(
  client: RequestClient<Answer> | { request(): Answer; check(answer: Answer): void },
): Promise<{ bytes: number; objects: number }> {
  await repeat(client, task.warmup);
  const objectsBefore = allObjects();
  const bytesBefore = process.memoryUsage().heapUsed;
  await repeat(client, task.count);
  const bytesAfter = process.memoryUsage().heapUsed;
  const objectsAfter = allObjects();
  return {
    bytes: (bytesAfter - bytesBefore) / task.count,
    objects: (objectsAfter - objectsBefore) / task.count,
  };
}

async function repeat<Answer>(
  client: RequestClient<Answer> | { request(): Answer; check(answer: Answer): void },
  count: number,
): Promise<void> {
  for (let left = count; left > 0; left--) {
    const answer = client.request();
    client.check(answer instanceof Promise ? await answer : answer);
  }
}

function allObjects(): number {
  let objects = 0;
  for (const count of Object.values(heapStats().objectTypeCounts)) objects += count;
  return objects;
}
