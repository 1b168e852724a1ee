/**
 * A Worker, of either kind, that does with its slot what it is told: a message is one of {@link STEPS} with its arguments, to which it answers
 * with what that gives. Errors are answered as what they are made of.
 */
import { parentPort } from "node:worker_threads";
import { NexusError } from "../../../src/codec/errors.ts";
import { RequestError } from "../../../src/http/errors.ts";
import type { SharedHandle } from "../../../src/pool/shared-part.ts";
import { type SharedSendOptions, SharedSlot } from "../../../src/pool/shared-slot.ts";

interface Told {
  readonly id: number;
  readonly step: string;
  readonly arguments: readonly unknown[];
}

let slot: SharedSlot | null = null;
/** Counts the steps that were done. */
let done = new Int32Array(1);
let abort = new AbortController();

const STEPS: Readonly<Record<string, (...details: never[]) => unknown>> = {
  count: (words: Int32Array<ArrayBuffer>) => {
    done = words;
  },
  take: (handle: SharedHandle) => {
    slot = SharedSlot.from(handle);
    return slot.index;
  },
  get: async (path: string, options?: SharedSendOptions) => {
    const { writer } = held();
    const response = await held().send(writer.get(path).finish(), options);
    return { status: response.status, type: response.header("content-type"), body: response.bodyText() };
  },
  post: async (path: string, body: unknown) => {
    const response = await held().send(held().writer.post(path).bodyJson(body).finish());
    return response.bodyJson();
  },
  getSync: (path: string, timeout = 0) => held().sendSync(held().writer.get(path).finish(), { timeout }).bodyText(),
  getAbortable: async (path: string) => {
    abort = new AbortController();
    return (await held().send(held().writer.get(path).finish(), { signal: abort.signal })).bodyText();
  },
  abort: () => abort.abort(new Error("enough")),
  begin: () => void held().writer.get("/begun"),
  share: (threadId: number) => held().share({ threadId }),
  release: () => held().release(),
  dispose: () => held()[Symbol.dispose](),
  exit: () => process.exit(0),
  throw: () =>
    void setTimeout(() => {
      throw new Error("on purpose");
    }),
  spin: () => {
    for (;;);
  },
};

function held(): SharedSlot {
  if (slot === null) throw new Error("Cannot use slot: none was taken");
  return slot;
}

parentPort?.on("message", async ({ id, step, arguments: details }: Told) => {
  try {
    parentPort?.postMessage({ id, value: await STEPS[step]?.(...(details as never[])) });
  } catch (error) {
    parentPort?.postMessage({ id, error: told(error) });
  }
  Atomics.add(done, 0, 1);
  Atomics.notify(done, 0);
});

function told(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, cause } = error;
  const code = error instanceof NexusError ? error.code : null;
  const progress = error instanceof RequestError ? { progress: error.progress, bytesSent: error.bytesSent } : {};
  return { name, code, message, ...progress, cause: cause === undefined ? null : told(cause) };
}
