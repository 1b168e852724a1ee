import { describe, expect, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { memoryPair } from "../../src/socket/memory-pair.ts";
import { type StreamPair, streamTransport } from "../../src/socket/stream-transport.ts";
import { turn } from "../helpers/wait.ts";
import { byteStreams } from "../helpers/web-streams.ts";
import { bytesOf, Recorder } from "./support.ts";

/** Streams whose far ends the test holds: what is sent is in `sent`, and what arrives is enqueued. */
function held(highWaterMark = 1): {
  pair: StreamPair;
  source: ReadableStreamDefaultController<Uint8Array>;
  sink: WritableStreamDefaultController;
  sent: string[];
  /** Set to hold the writes back; call it to let the one that waits through. */
  let: { through: (() => void) | null; held: boolean };
  ends: string[];
} {
  const sent: string[] = [];
  const ends: string[] = [];
  const gate: { through: (() => void) | null; held: boolean } = { through: null, held: false };
  let source: ReadableStreamDefaultController<Uint8Array> | undefined;
  let sink: WritableStreamDefaultController | undefined;
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      source = controller;
    },
    cancel: (reason) => void ends.push(`cancel ${(reason as { code?: string }).code}`),
  });
  const writable = new WritableStream<Uint8Array>(
    {
      start(controller) {
        sink = controller;
      },
      write(chunk) {
        sent.push(new TextDecoder().decode(chunk));
        return gate.held ? new Promise<void>((resolve) => (gate.through = resolve)) : undefined;
      },
      close: () => void ends.push("close"),
      abort: (reason) => void ends.push(`abort ${(reason as { code?: string }).code}`),
    },
    { highWaterMark },
  );
  if (source === undefined || sink === undefined) throw new Error("the streams did not start");
  return { pair: { readable, writable }, source, sink, sent, let: gate, ends };
}

function write(transport: ReturnType<typeof streamTransport>, text: string): number {
  const bytes = bytesOf(`..${text}`);
  const taken = transport.write(bytes, 2, bytes.length - 2);
  bytes.fill(0);
  return taken;
}

describe("a transport over streams", () => {
  test("copies what is written, and hands over what arrives, in order", async () => {
    const { pair, source, sent } = held();
    const transport = streamTransport(pair);
    const ours = new Recorder();
    transport.attach(ours);
    source.enqueue(bytesOf("one "));
    source.enqueue(new Uint8Array(0));
    source.enqueue(bytesOf("two"));
    expect(write(transport, "out")).toBe(3);
    expect(transport.write(bytesOf("x"), 0, 0)).toBe(0);
    await turn();
    expect([ours.text, ours.chunks.length, sent]).toEqual(["one two", 2, ["out"]]);
    expect([transport.closed, transport.secure, transport.socketInfo()]).toEqual([false, false, null]);
  });

  test("takes nothing while the writable is full, and says when there is room", async () => {
    const stream = held(2);
    stream.let.held = true;
    const transport = streamTransport(stream.pair);
    const ours = new Recorder();
    transport.attach(ours);
    await turn();
    expect([write(transport, "a"), write(transport, "b"), write(transport, "c")]).toEqual([1, 1, 0]);
    expect(ours.drains).toBe(0);
    stream.let.through?.();
    await turn();
    expect([ours.drains, stream.sent]).toEqual([1, ["a", "b"]]);
    expect(write(transport, "c")).toBe(1);
  });

  test("reads nothing while it is paused", async () => {
    const { pair, source } = held();
    const transport = streamTransport(pair);
    const ours = new Recorder();
    transport.attach(ours);
    await turn();
    transport.pause();
    for (const text of ["a", "b", "c"]) source.enqueue(bytesOf(text));
    await turn();
    // One read was under way.
    expect(ours.text).toBe("a");
    expect(source.desiredSize).toBe(-1);
    transport.resume();
    await turn();
    expect(ours.text).toBe("abc");
  });

  test("ends in order once both halves have", async () => {
    const { pair, source, ends } = held();
    const transport = streamTransport(pair);
    const ours = new Recorder();
    transport.attach(ours);
    source.enqueue(bytesOf("last"));
    source.close();
    await turn();
    expect([ours.events, transport.closed]).toEqual([["bytes", "end"], false]);
    transport.shutdown();
    transport.shutdown();
    expect(write(transport, "late")).toBe(-1);
    await turn();
    expect([ours.events, ours.error, ends, transport.closed]).toEqual([
      ["bytes", "end", "close"],
      null,
      ["close"],
      true,
    ]);
  });

  test("terminated, it cuts both halves and tells the end before it returns", async () => {
    const { pair, ends } = held();
    const transport = streamTransport(pair);
    const ours = new Recorder();
    transport.attach(ours);
    transport.terminate();
    transport.terminate();
    expect([ours.events, ours.error, transport.closed, write(transport, "x")]).toEqual([["close"], null, true, -1]);
    await turn();
    expect(ends.sort()).toEqual(["abort CONNECTION_RESET", "cancel CONNECTION_RESET"]);
  });

  test.each([
    ["the readable fails", (stream: ReturnType<typeof held>) => stream.source.error(new Error("torn"))],
    ["the writable fails", (stream: ReturnType<typeof held>) => stream.sink.error(new Error("torn"))],
    [
      "a chunk is no bytes",
      (stream: ReturnType<typeof held>) => stream.source.enqueue("text" as unknown as Uint8Array),
    ],
  ])("is lost when %s", async (_, breakIt) => {
    const stream = held();
    const transport = streamTransport(stream.pair);
    const ours = new Recorder();
    transport.attach(ours);
    breakIt(stream);
    await turn();
    expect(ours.events).toEqual(["close"]);
    expect(ours.error).toMatchObject({ code: "CONNECTION_LOST", cause: expect.any(Error) });
    expect(transport.closed).toBe(true);
  });

  test("a handler that throws ends it; one that is attached later is told the end", async () => {
    const { pair, source } = held();
    const transport = streamTransport(pair);
    const fault = new Error("handler");
    const ours = new Recorder();
    transport.attach({
      onBytes() {
        throw fault;
      },
      onDrain() {},
      onEnd() {},
      onClose: (error) => ours.onClose(error),
    });
    source.enqueue(bytesOf("x"));
    await turn();
    expect(ours.error).toMatchObject({ code: "CONNECTION_HANDLER_THREW", cause: fault });
    const other = held();
    const unheard = streamTransport(other.pair);
    unheard.terminate();
    const late = new Recorder();
    unheard.attach(late);
    expect(late.events).toEqual(["close"]);
  });

  test("refuses streams that are locked", () => {
    for (const half of ["readable", "writable"] as const) {
      const { pair } = held();
      if (half === "readable") pair.readable.getReader();
      else pair.writable.getWriter();
      expect(() => streamTransport(pair)).toThrow(
        new UsageError("STREAM_LOCKED", `Cannot take streams: the ${half} is locked`),
      );
    }
  });

  test("there and back through streams, nothing is lost, reordered or doubled", async () => {
    const [client, server] = memoryPair({ capacity: 1000, chunkSize: 77 });
    const transport = streamTransport(byteStreams(client));
    const theirs = new Recorder();
    server.attach(theirs);
    let offset = 0;
    const text = Array.from({ length: 5_000 }, (_, index) => index).join(" ");
    const bytes = bytesOf(text);
    const pump = (): void => {
      while (offset < bytes.length) {
        const taken = transport.write(bytes, offset, Math.min(600, bytes.length - offset));
        if (taken <= 0) return;
        offset += taken;
      }
      transport.shutdown();
    };
    const ours = new Recorder();
    ours.onDrain = pump;
    transport.attach(ours);
    pump();
    while (!theirs.events.includes("end")) await turn();
    expect(theirs.text).toBe(text);
  });
});
