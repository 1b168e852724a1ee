import { describe, expect, test } from "bun:test";
import { plainMemory, type RingMemory } from "../../src/codec/byte-ring.ts";
import { ringMemory } from "../../src/socket/ring-memory.ts";
import { Inbox } from "../../src/ws/inbox.ts";
import { wsSettings } from "../../src/ws/options.ts";
import { joined, pattern, utf8 } from "../helpers/bytes.ts";
import { fragments, frameBytes } from "../helpers/frames.ts";
import { ScriptedTransport } from "../helpers/scripted-transport.ts";
import { lineOf } from "../helpers/ws-peer.ts";

const KINDS: [name: string, memory: (capacity: number) => RingMemory][] = [
  ["plain", plainMemory],
  ["mapped", ringMemory],
];

describe.each(KINDS)("Inbox on %s memory", (_, memory) => {
  function makeInbox(capacity = 4096): { inbox: Inbox; transport: ScriptedTransport; readAll: () => string[] } {
    const transport = new ScriptedTransport();
    const inbox = new Inbox(transport, "client", memory(capacity), wsSettings({}));
    const readAll = (): string[] => {
      const lines: string[] = [];
      for (;;) {
        const message = inbox.reader.next();
        if (message !== null) lines.push(lineOf(message.toOwned()));
        else if (!inbox.refill()) return lines;
      }
    };
    return { inbox, transport, readAll };
  }

  test("hands chunks to the reader, and does not pause while the ring has room", () => {
    const { inbox, transport, readAll } = makeInbox();
    inbox.receive(frame("one"));
    inbox.receive(frame("two"));
    expect(inbox.empty).toBe(true);
    expect(readAll()).toEqual(["text one", "text two"]);
    expect(transport.calls).toEqual([]);
  });

  test("keeps one chunk too many, pauses at the second, and resumes once both are in the ring", () => {
    const { inbox, transport, readAll } = makeInbox();
    const texts = Array.from({ length: 300 }, (_, at) => `message ${at} ${"x".repeat(at % 50)}`);
    const stream = joined(texts.map(frame));
    inbox.receive(stream.slice(0, 6000));
    expect(inbox.empty).toBe(false);
    expect(transport.calls).toEqual([]);
    inbox.receive(stream.slice(6000, 9000));
    expect(transport.calls).toEqual(["pause"]);
    inbox.receive(stream.slice(9000));
    expect(readAll()).toEqual(texts.map((text) => `text ${text}`));
    expect(transport.calls.filter((call) => call === "resume")).toEqual(["resume"]);
    expect(transport.calls.at(-1)).toBe("resume");
    expect(inbox.empty).toBe(true);
  });

  test("gives a chunk back once it was read, and not before", () => {
    const { inbox, readAll } = makeInbox();
    const whole = frame("one");
    inbox.receive(whole);
    expect(whole.length).toBe(0);
    const large = joined([frame("two"), frameBytes({ opcode: 2, payload: pattern(6000) })]);
    inbox.receive(large);
    const waiting = frame("three");
    inbox.receive(waiting);
    expect([large.length, waiting.length]).toEqual([5 + 6004, 7]);
    expect(readAll()).toHaveLength(4);
    expect([large.length, waiting.length]).toEqual([0, 0]);
  });

  test.each([1, 7, 100, 4096, 5000, 100_000])("delivers all that was sent, in chunks of %i bytes", (size) => {
    const { inbox, readAll } = makeInbox();
    const messages = [
      frame("a"),
      frameBytes({ opcode: 2, payload: pattern(3000) }),
      frameBytes({ opcode: 9, payload: utf8("ping") }),
      frameBytes({ opcode: 2, payload: pattern(50_000) }),
      ...fragments(1, [utf8("é€".repeat(3000)), utf8("x"), utf8("y".repeat(9000))]),
      frame("z"),
    ];
    const stream = joined(messages);
    const lines: string[] = [];
    for (let pos = 0; pos < stream.length; pos += size) {
      inbox.receive(stream.slice(pos, pos + size));
      // A slow program: reads now and then.
      if ((pos / size) % 3 === 0) lines.push(...readAll());
    }
    lines.push(...readAll());
    expect(lines).toEqual([
      "text a",
      `binary ${Buffer.from(pattern(3000)).toString("hex")}`,
      "ping 70696e67",
      `binary ${Buffer.from(pattern(50_000)).toString("hex")}`,
      `text ${"é€".repeat(3000)}x${"y".repeat(9000)}`,
      "text z",
    ]);
  });

  test("stays paused while the program holds it, whatever is read", () => {
    const { inbox, transport, readAll } = makeInbox();
    inbox.hold();
    inbox.receive(joined(Array.from({ length: 60 }, () => frame("x".repeat(90)))));
    inbox.receive(frame("last"));
    readAll();
    expect(transport.calls).toEqual(["pause", "pause"]);
    inbox.release();
    expect(transport.calls.at(-1)).toBe("resume");
  });

  test("stays paused for its backlog, though the program lets go", () => {
    const { inbox, transport, readAll } = makeInbox();
    inbox.receive(joined(Array.from({ length: 60 }, () => frame("x".repeat(90)))));
    inbox.receive(frame("last"));
    inbox.hold();
    inbox.release();
    expect(transport.calls).not.toContain("resume");
    expect(readAll()).toHaveLength(61);
    expect(transport.calls.at(-1)).toBe("resume");
  });

  test("drops all that was not read", () => {
    const { inbox, readAll } = makeInbox();
    inbox.receive(joined(Array.from({ length: 60 }, () => frame("x".repeat(90)))));
    inbox.receive(frame("last"));
    inbox.discard();
    expect(inbox.empty).toBe(true);
    expect(readAll()).toEqual([]);
  });

  test("swallows what follows a close frame, and resumes", () => {
    const { inbox, transport, readAll } = makeInbox();
    inbox.receive(joined([frame("x".repeat(4000)), frameBytes({ opcode: 8 }), frame("y".repeat(4000))]));
    inbox.receive(frame("z"));
    expect(readAll()).toEqual([`text ${"x".repeat(4000)}`, "close 1005"]);
    expect(inbox.empty).toBe(true);
    expect(transport.calls).toEqual(["pause", "resume"]);
  });

  test("swallows what follows a fault", () => {
    const { inbox, transport, readAll } = makeInbox();
    inbox.receive(joined([frame("x".repeat(4000)), frameBytes({ opcode: 3 }), frame("y".repeat(4000))]));
    inbox.receive(frame("z"));
    expect(readAll()).toEqual([`text ${"x".repeat(4000)}`]);
    expect(inbox.reader.failure?.code).toBe("WS_RESERVED_OPCODE");
    expect(inbox.empty).toBe(true);
    expect(transport.calls).toEqual(["pause", "resume"]);
  });
});

function frame(text: string): Uint8Array {
  return frameBytes({ opcode: 1, payload: utf8(text) });
}
