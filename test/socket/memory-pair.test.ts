import { expect, spyOn, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { type MemoryPairOptions, memoryPair } from "../../src/socket/memory-pair.ts";
import type { Transport } from "../../src/socket/transport.ts";
import { until } from "../helpers/wait.ts";
import { bytesOf, Recorder } from "./support.ts";

function joined(options?: MemoryPairOptions): { near: Transport; far: Transport; ours: Recorder; theirs: Recorder } {
  const [near, far] = memoryPair(options);
  const ours = new Recorder();
  const theirs = new Recorder();
  near.attach(ours);
  far.attach(theirs);
  return { near, far, ours, theirs };
}

const turn = (): Promise<void> => Bun.sleep(0);

function send(transport: Transport, text: string): number {
  const bytes = bytesOf(text);
  return transport.write(bytes, 0, bytes.length);
}

test("bytes go both ways, in order, and never inside write", async () => {
  const { near, far, ours, theirs } = joined();
  expect(send(near, "one ")).toBe(4);
  expect(send(near, "two")).toBe(3);
  expect(send(far, "three")).toBe(5);
  expect([theirs.text, ours.text]).toEqual(["", ""]);
  await turn();
  expect([theirs.text, ours.text]).toEqual(["one two", "three"]);
  expect([near.closed, near.secure, near.socketInfo()]).toEqual([false, false, null]);
});

test("what was written is copied: the buffer may be used again at once", async () => {
  const { near, theirs } = joined();
  const buffer = bytesOf("..abc..");
  near.write(buffer, 2, 3);
  buffer.fill(0);
  await turn();
  expect(theirs.text).toBe("abc");
});

test("chunks arrive no larger than chunkSize", async () => {
  const { near, theirs } = joined({ chunkSize: 2 });
  send(near, "abcde");
  await turn();
  expect(theirs.chunks.map((chunk) => chunk.length)).toEqual([2, 2, 1]);
  expect(theirs.text).toBe("abcde");
});

test("a full pair makes write fall short, and onDrain comes when half is free", async () => {
  const { near, far, ours, theirs } = joined({ capacity: 8 });
  far.pause();
  expect(send(near, "0123456789")).toBe(8);
  expect(send(near, "x")).toBe(0);
  await turn();
  expect([theirs.text, ours.drains]).toEqual(["", 0]);
  far.resume();
  await turn();
  expect([theirs.text, ours.drains]).toEqual(["01234567", 1]);
  expect(send(near, "89")).toBe(2);
  await turn();
  expect([theirs.text, ours.drains]).toEqual(["0123456789", 1]);
});

test("writes can be made to fall short, whatever room there is", async () => {
  const { near, ours, theirs } = joined({ writeSize: 3 });
  expect(send(near, "abcdef")).toBe(3);
  await turn();
  expect(ours.drains).toBe(1);
  expect(send(near, "def")).toBe(3);
  await turn();
  expect([theirs.text, ours.drains]).toEqual(["abcdef", 1]);
});

test("delivery can be delayed", async () => {
  const { near, theirs } = joined({ delay: 10 });
  send(near, "late");
  await turn();
  expect(theirs.text).toBe("");
  await until(() => theirs.text === "late");
});

test("what came before attach is handed over by attach", async () => {
  const [near, far] = memoryPair();
  send(near, "early");
  near.shutdown();
  await turn();
  const theirs = new Recorder();
  far.attach(theirs);
  expect(theirs.text).toBe("early");
  expect(theirs.events).toEqual(["bytes", "end"]);
});

test("a second attach takes over, also from within onBytes", async () => {
  const { near, far } = joined({ chunkSize: 1 });
  const first = new Recorder();
  const second = new Recorder();
  first.onBytes = (chunk) => {
    first.chunks.push(chunk);
    far.attach(second);
  };
  far.attach(first);
  send(near, "abc");
  near.shutdown();
  await turn();
  expect([first.text, second.text]).toEqual(["a", "bc"]);
  expect(second.events).toEqual(["bytes", "end"]);
});

test("shutdown is the other's end; after both, both close without an error", async () => {
  const { near, far, ours, theirs } = joined();
  send(near, "last");
  near.shutdown();
  expect(send(near, "x")).toBe(-1);
  await turn();
  expect(theirs.events).toEqual(["bytes", "end"]);
  expect([near.closed, far.closed]).toEqual([false, false]);
  expect(send(far, "answer")).toBe(6);
  far.shutdown();
  await turn();
  expect(ours.events).toEqual(["bytes", "end", "close"]);
  expect(theirs.events).toEqual(["bytes", "end", "close"]);
  expect([ours.error, theirs.error, near.closed, far.closed]).toEqual([null, null, true, true]);
  expect(send(far, "x")).toBe(-1);
});

test("terminate closes this end at once and resets the other", async () => {
  const { near, far, ours, theirs } = joined();
  send(near, "lost");
  near.terminate();
  expect(ours.events).toEqual(["close"]);
  expect([ours.error, near.closed, send(near, "x")]).toEqual([null, true, -1]);
  await turn();
  expect(theirs.events).toEqual(["close"]);
  expect(theirs.error).toMatchObject({ code: "CONNECTION_RESET" });
  expect(far.closed).toBe(true);
  near.terminate();
  far.terminate();
  far.shutdown();
  near.resume();
  await turn();
  expect([ours.events, theirs.events]).toEqual([["close"], ["close"]]);
});

test("terminate and pause from within onBytes hold back the rest", async () => {
  const { near, far, theirs } = joined({ chunkSize: 1 });
  theirs.onBytes = (chunk) => {
    theirs.chunks.push(chunk);
    if (theirs.chunks.length === 2) far.pause();
    if (theirs.chunks.length === 3) far.terminate();
  };
  send(near, "abcd");
  await turn();
  expect(theirs.text).toBe("ab");
  far.resume();
  await turn();
  expect([theirs.text, theirs.events]).toEqual(["abc", ["close"]]);
});

test("a paused end is not told of FIN before it resumes", async () => {
  const { near, far, theirs } = joined();
  far.pause();
  send(near, "x");
  near.shutdown();
  await turn();
  expect(theirs.events).toEqual([]);
  far.resume();
  await turn();
  expect(theirs.events).toEqual(["bytes", "end"]);
});

test("a handler that throws cuts both ends", async () => {
  const { near, ours, theirs } = joined();
  const fault = new Error("a handler's fault");
  theirs.onBytes = () => {
    throw fault;
  };
  send(near, "x");
  await turn();
  expect(theirs.error).toMatchObject({ code: "CONNECTION_HANDLER_THREW", cause: fault });
  expect(ours.error).toMatchObject({ code: "CONNECTION_RESET" });
});

test("what is thrown once it is gone is told on the console, once, and ends nothing else", async () => {
  const report = spyOn(console, "error").mockImplementation(() => {});
  try {
    for (const how of ["reset", "terminated", "terminated within onBytes"] as const) {
      const { near, far, ours, theirs } = joined();
      const fault = new Error(how);
      if (how === "terminated within onBytes") {
        theirs.onBytes = () => {
          far.terminate();
          throw fault;
        };
        send(near, "x");
      } else {
        theirs.onClose = () => {
          theirs.events.push("close");
          throw fault;
        };
        report.mockClear();
        if (how === "reset") near.terminate();
        else far.terminate();
      }
      await turn();
      expect(report.mock.calls).toEqual([[fault]]);
      expect(theirs.events).toEqual(["close"]);
      expect(ours.closed).toBe(true);
      report.mockClear();
    }
  } finally {
    report.mockRestore();
  }
});

test("a conversation of many turns keeps its order at any size", async () => {
  for (const options of [
    { capacity: 1 },
    { capacity: 7, chunkSize: 3 },
    { writeSize: 1 },
    { capacity: 64, chunkSize: 1 },
  ]) {
    const { near, ours, theirs } = joined(options);
    const message = bytesOf(Array.from({ length: 200 }, (_, i) => `${i} `).join(""));
    let sent = 0;
    const pump = (): void => {
      for (let taken = 1; taken > 0 && sent < message.length; sent += taken)
        taken = near.write(message, sent, message.length - sent);
    };
    ours.onDrain = pump;
    pump();
    await until(() => theirs.bytes.length === message.length);
    expect(theirs.bytes.equals(message)).toBe(true);
  }
});

test("options that are none are UsageErrors", () => {
  expect(() => memoryPair({ capacity: 0 })).toThrow(UsageError);
  expect(() => memoryPair({ chunkSize: 1.5 })).toThrow(
    "Cannot make a memory pair: chunkSize is 1.5 where it must be an integer over 0",
  );
  expect(() => memoryPair({ writeSize: -1 })).toThrow(UsageError);
});

test("secure is what it is told to be", () => {
  expect(memoryPair({ secure: true }).map(({ secure }) => secure)).toEqual([true, true]);
});
