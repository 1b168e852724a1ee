import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FrameReader } from "../../src/codec/ws/frame-reader.ts";
import type { Message } from "../../src/codec/ws/message.ts";
import { MessageSink } from "../../src/codec/ws/message-sink.ts";
import type { Role } from "../../src/codec/ws/opcode.ts";
import { PushingReader } from "../../src/codec/ws/pushing-reader.ts";
import { giveRunMemory, readingMemory, takeRunMemory } from "../../src/codec/ws/run-memory.ts";
import { ringMemory } from "../../src/socket/ring-memory.ts";
import { Inbox } from "../../src/ws/inbox.ts";
import { wsSettings } from "../../src/ws/options.ts";
import { cuts, cutsWithin, mutated, mutations, validStreams } from "../helpers/arbitrary-streams.ts";
import { joined, pattern, utf8 } from "../helpers/bytes.ts";
import { eventOf, failureEvents } from "../helpers/events.ts";
import { frameBytes } from "../helpers/frames.ts";
import { FUZZ_TIMEOUT, fuzz } from "../helpers/fuzz.ts";
import { ScriptedTransport } from "../helpers/scripted-transport.ts";

/** What the sink does at each message in turn: goes on, says stop, says it and takes it back, or throws. */
type Mood = "on" | "stop" | "again" | "throw";

/** Something that takes chunks and pushes messages. */
interface Way {
  readonly reader: FrameReader;
  /** It has kept nothing outside of its ring. */
  readonly empty: boolean;
  /** Chunks are given back once they were read. */
  readonly reclaims: boolean;
  receive(chunk: Uint8Array): void;
  /** False once nothing is left, true where the sink was closed before. */
  deliver(sink: MessageSink): boolean;
}

/** As the event backend does it, session and all. */
function outOfChunks(role: Role): Way {
  const inbox = new Inbox(new ScriptedTransport(), role, ringMemory(4096), wsSettings({}));
  inbox.directFrom = 1;
  const next = (): Message | null => {
    for (;;) {
      const message = inbox.reader.next();
      if (message !== null || !inbox.refill()) return message;
    }
  };
  return {
    reader: inbox.reader,
    get empty() {
      return inbox.empty;
    },
    reclaims: true,
    receive: (chunk) => inbox.receive(chunk),
    deliver(sink) {
      while (inbox.walk(sink)) {
        const message = next();
        if (message === null) return false;
        if (!sink.take(message)) return true;
      }
      return true;
    },
  };
}

/** As the event backend does it where a flood is received into the memory beside that for unmasking. */
function outOfReadingMemory(role: Role): Way {
  giveRunMemory(takeRunMemory() ?? raise());
  const memory = readingMemory() ?? raise();
  const way = outOfChunks(role);
  return {
    ...way,
    get empty() {
      return way.empty;
    },
    reclaims: false,
    receive(chunk) {
      memory.set(chunk);
      way.receive(memory.subarray(0, chunk.length));
    },
  };
}

/** As the spin backend does it. */
function outOfTheRing(role: Role): Way {
  const reader = new PushingReader({ role, memory: ringMemory(4096) });
  let rest = new Uint8Array(0);
  return {
    reader,
    get empty() {
      return rest.length === 0;
    },
    reclaims: false,
    receive(chunk) {
      rest = new Uint8Array(chunk);
    },
    deliver(sink) {
      while (reader.push(sink)) {
        const message = reader.next();
        if (message !== null && !sink.take(message)) return true;
        if (message !== null) continue;
        if (rest.length === 0) return false;
        rest = rest.subarray(reader.read(rest));
      }
      return true;
    },
  };
}

/** Pushes a stream in pieces, each pushed until nothing more comes, and tells what came. */
function pushedBy(way: Way, pieces: readonly Uint8Array[], moods: readonly Mood[]): string[] {
  const events: string[] = [];
  const handler = {
    message(_owner: unknown, message: Message): void {
      const mood = moods[events.length] ?? "on";
      events.push(eventOf(message));
      if (mood === "throw") throw new Error("mood");
      if (mood !== "on") sink.close();
      if (mood === "again") sink.open = true;
    },
  };
  const sink: MessageSink = new MessageSink(handler, null);
  const deliverAll = (): void => {
    for (let left = true; left; ) {
      sink.open = true;
      try {
        left = way.deliver(sink);
      } catch (error) {
        expect((error as Error).message).toBe("mood");
      }
    }
  };
  const chunks = pieces.map((piece) => piece.slice());
  for (const chunk of chunks) {
    way.receive(chunk);
    deliverAll();
  }
  expect(way.empty).toBe(true);
  if (way.reclaims && way.reader.failure === null) expect(chunks.every((chunk) => chunk.length === 0)).toBe(true);
  expect(sink.count).toBe(events.length);
  return [...events, ...failureEvents(way.reader)];
}

/** The oracle: the frame reader alone, on its slow path. */
function pulled(role: Role, stream: Uint8Array): string[] {
  const reader = new FrameReader({ role, bufferCapacity: 4096, debug: true });
  const events: string[] = [];
  for (let pos = 0; pos < stream.length; ) {
    pos += reader.read(stream, pos);
    for (let message = reader.next(); message !== null; message = reader.next()) events.push(eventOf(message));
  }
  return [...events, ...failureEvents(reader)];
}

function cut(stream: Uint8Array, points: readonly number[]): Uint8Array[] {
  return [0, ...points].map((from, at) => stream.subarray(from, points[at] ?? stream.length));
}

const moods = (): fc.Arbitrary<readonly Mood[]> =>
  fc.array(fc.constantFrom<Mood>("on", "on", "on", "stop", "again", "throw"), { maxLength: 12 });

describe.each([
  ["the chunks they came in", outOfChunks],
  ["memory that masked ones are best received into", outOfReadingMemory],
  ["the ring", outOfTheRing],
] as const)("messages that are pushed out of %s", (name, by) => {
  const pushed = (role: Role, pieces: readonly Uint8Array[], moods: readonly Mood[]): string[] =>
    pushedBy(by(role), pieces, moods);

  test(
    "are those that the reader gives, in any split, also where the sink stops or throws",
    () => {
      fuzz(
        `valid, out of ${name}`,
        0.1,
        fc.tuple(validStreams(), cuts(), moods()),
        ([{ role, bytes, events }, shares, mood]) => {
          expect(pushed(role, cut(bytes, cutsWithin(shares, bytes.length)), mood)).toEqual([...events]);
        },
      );
    },
    FUZZ_TIMEOUT,
  );

  test(
    "are those that the reader gives where the stream is broken",
    () => {
      fuzz(
        `mutated, out of ${name}`,
        0.1,
        fc.tuple(validStreams(), mutations(), cuts(), moods()),
        ([{ role, bytes }, changes, shares, mood]) => {
          const stream = mutated(bytes, changes);
          expect(pushed(role, cut(stream, cutsWithin(shares, stream.length)), mood)).toEqual(pulled(role, stream));
        },
      );
    },
    FUZZ_TIMEOUT,
  );

  test("may be larger than the ring, and lie in a chunk at any offset", () => {
    const stream = joined([
      frameBytes({ opcode: 2, payload: pattern(20_000) }),
      frameBytes({ opcode: 1, payload: utf8("é".repeat(7_000)) }),
      frameBytes({ opcode: 9, payload: utf8("p") }),
      frameBytes({ opcode: 2, payload: pattern(70_000) }),
      frameBytes({ opcode: 1, payload: utf8("last") }),
    ]);
    const expected = pulled("client", stream);
    expect(expected).toHaveLength(5);
    for (const point of [1, 2, 3, 5, 4_099, 20_003, 20_004, 20_005, 34_009, 34_011, 50_000]) {
      expect(pushed("client", cut(stream, [point]), [])).toEqual(expected);
    }
  });

  test.each(["client", "server"] as const)(
    "in runs of one length, each from 0 to 130 bytes and longer, read by a %s",
    (role) => {
      for (const size of [...Array(131).keys(), 255, 256, 512, 4_095, 65_535]) {
        const run = [1, 2, 3].map((first) => {
          const key = role === "server" ? Uint8Array.of(first, 0xf2, 0x83, 0x74 + size) : null;
          return frameBytes({ opcode: 2, payload: pattern(size), key });
        });
        const stream = joined(run);
        const expected = pulled(role, stream);
        expect(expected).toHaveLength(3);
        for (const moods of [
          [],
          ["stop"],
          ["again"],
          ["throw"],
          ["on", "stop"],
          ["on", "again"],
          ["on", "throw"],
        ] as const) {
          expect(pushed(role, [stream], moods)).toEqual(expected);
        }
        for (const point of [1, 2, 3, 4, 5].map((back) => stream.length - back)) {
          expect(pushed(role, cut(stream, [point]), [])).toEqual(expected);
        }
      }
    },
  );

  test.each(["client", "server"] as const)(
    "in a long run, with others of nearly its header behind it, read by a %s",
    (role) => {
      const sizes = [...Array(200).fill(300), 301, 300, 300, 299, 44, 44, ...Array(100).fill(45), 300];
      const key = role === "server" ? Uint8Array.of(0x81, 0x02, 0xf3, 0x44) : null;
      const stream = joined(sizes.map((size) => frameBytes({ opcode: 2, payload: pattern(size), key })));
      const expected = pulled(role, stream);
      expect(expected).toHaveLength(sizes.length);
      for (const moods of [[], Array(400).fill("stop"), Array(400).fill("again"), Array(400).fill("throw")]) {
        expect(pushed(role, [stream], moods)).toEqual(expected);
      }
    },
  );

  test("while another's handler runs, whose memory for unmasking is not touched", () => {
    const stream = joined(Array.from({ length: 50 }, () => masked(pattern(40))));
    const way = by("server");
    const memory = takeRunMemory() ?? raise();
    memory.bytes.fill(7);
    expect(pushedBy(way, [stream], [])).toEqual(pulled("server", stream));
    expect(memory.bytes.every((byte) => byte === 7)).toBe(true);
    giveRunMemory(memory);
  });

  test("in a run that is longer than that memory, with frames that do not fit it between", () => {
    const sizes = [...Array(1_500).fill(60), 40_000, 40_000, ...Array(1_500).fill(61)];
    const stream = joined(sizes.map((size) => masked(pattern(size))));
    expect(pushed("server", cut(stream, [200_000]), [])).toEqual(pulled("server", stream));
  });
});

test("a session that its own handler cuts gives every chunk back, the one of the message that is lent last", () => {
  const inbox = new Inbox(new ScriptedTransport(), "server", ringMemory(4096), wsSettings({}));
  inbox.directFrom = 1;
  const stream = joined(Array.from({ length: 3 }, (_, at) => masked(pattern(40 + at))));
  const chunks = [stream.slice(), stream.slice()];
  const handler = {
    message(_owner: unknown, message: Message): void {
      sink.close();
      inbox.discard();
      expect(message.bytes()).toEqual(pattern(40));
      expect(chunks.map((chunk) => chunk.length)).toEqual([stream.length, 0]);
    },
  };
  const sink = new MessageSink(handler, null);
  for (const chunk of chunks) inbox.receive(chunk);
  expect(inbox.walk(sink)).toBe(false);
  expect([sink.count, inbox.empty, ...chunks.map((chunk) => chunk.length)]).toEqual([1, true, 0, 0]);
});

function masked(payload: Uint8Array): Uint8Array {
  return frameBytes({ opcode: 2, payload, key: Uint8Array.of(0x81, 0x02, 0xf3, 0x44) });
}

function raise(): never {
  throw new Error("somebody has kept it");
}
