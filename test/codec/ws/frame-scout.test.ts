import { describe, expect, test } from "bun:test";
import { FrameReader } from "../../../src/codec/ws/frame-reader.ts";
import { FrameScout } from "../../../src/codec/ws/frame-scout.ts";
import type { Role } from "../../../src/codec/ws/opcode.ts";
import { hex, joined, pattern } from "../../helpers/bytes.ts";
import { bytesEvent, eventOf } from "../../helpers/events.ts";
import { frameBytes } from "../../helpers/frames.ts";
import { MEMORIES } from "../../helpers/memories.ts";

const KEY = hex("37fa213d");

for (const role of ["client", "server"] as const) {
  describe(`what comes to a ${role}`, () => {
    const key = role === "server" ? KEY : null;
    const text = frameBytes({ opcode: 1, payload: hex("61"), key });
    const ping = frameBytes({ opcode: 9, payload: hex("0102"), key });
    const pong = frameBytes({ opcode: 10, payload: hex("03"), key });
    const close = frameBytes({ opcode: 8, payload: hex("03e9 62"), key });

    test("pings and the close frame are found behind unread messages, each once", () => {
      const { reader, scout } = made(role);
      reader.read(joined([text, ping, pong, text, ping, close]));
      expect(found(scout)).toEqual(["ping 0102", "ping 0102", 'close 1001 "b"']);
      expect(found(scout)).toEqual([]);
    });

    test("and the reader still lends them, said to be seen; what it lends first is not", () => {
      const { reader, scout } = made(role);
      reader.read(joined([ping, text, ping]));
      expect(lent(reader, scout)).toBe("new ping 0102");
      expect(found(scout)).toEqual(["ping 0102"]);
      expect(lent(reader, scout)).toBe('seen text "a"');
      expect(lent(reader, scout)).toBe("seen ping 0102");
      reader.read(ping);
      expect(lent(reader, scout)).toBe("new ping 0102");
      expect(found(scout)).toEqual([]);
    });

    test("nothing in the ring is changed, and nothing lent", () => {
      const { reader, scout } = made(role);
      reader.read(joined([text, ping, close]));
      const before = reader.ring.view().slice();
      const { head, tail } = reader.ring;
      found(scout);
      expect(reader.ring.view()).toEqual(before);
      expect([reader.ring.head, reader.ring.tail]).toEqual([head, tail]);
      expect(lent(reader, scout)).toBe('seen text "a"');
    });

    test("a ping that comes byte by byte is found with its last one", () => {
      const { reader, scout } = made(role);
      reader.read(text);
      for (const byte of ping.subarray(0, -1)) {
        reader.read(Uint8Array.of(byte));
        expect(found(scout)).toEqual([]);
      }
      reader.read(ping.subarray(-1));
      expect(found(scout)).toEqual(["ping 0102"]);
    });

    test("a ping whose beginning the reader has looked at is found all the same", () => {
      for (let cut = 1; cut < ping.length; cut++) {
        const { reader, scout } = made(role);
        reader.read(ping.subarray(0, cut));
        expect(reader.next()).toBeNull();
        expect(found(scout)).toEqual([]);
        reader.read(ping.subarray(cut));
        expect(found(scout)).toEqual(["ping 0102"]);
        expect(lent(reader, scout)).toBe("seen ping 0102");
      }
    });

    test("pings between fragments, of which the reader has read none, some or a part", () => {
      const first = frameBytes({ opcode: 2, payload: pattern(9), fin: false, key });
      const last = frameBytes({ opcode: 0, payload: pattern(9), key });
      for (const [before, behind] of [
        [joined([]), joined([first, ping, last, ping])],
        [first, joined([ping, last, ping])],
        [first.subarray(0, 4), joined([first.subarray(4), ping, last, ping])],
        [first.subarray(0, 9), joined([first.subarray(9), ping, last, ping])],
      ] as const) {
        const { reader, scout } = made(role);
        reader.read(before);
        expect(reader.next()).toBeNull();
        reader.read(behind);
        expect(found(scout)).toEqual(["ping 0102", "ping 0102"]);
        const message = bytesEvent("binary", joined([pattern(9), pattern(9)]));
        expect([lent(reader, scout), lent(reader, scout), lent(reader, scout)]).toEqual([
          "seen ping 0102",
          `seen ${message}`,
          "seen ping 0102",
        ]);
      }
    });

    test("a message that is not all there is passed, however large", () => {
      const { reader, scout } = made(role, 65536);
      const large = frameBytes({ opcode: 2, payload: pattern(3000), key });
      reader.read(large.subarray(0, 2000));
      expect(found(scout)).toEqual([]);
      reader.read(large.subarray(2000));
      reader.read(ping);
      expect(found(scout)).toEqual(["ping 0102"]);
    });

    test("a message larger than the ring is passed, while the reader takes it in pieces", () => {
      const { reader, scout } = made(role, 256);
      const large = frameBytes({ opcode: 2, payload: pattern(3000), key });
      const stream = joined([text, large, ping]);
      const events: string[] = [];
      for (let pos = 0; pos < stream.length; ) {
        pos += reader.read(stream, pos);
        expect(found(scout)).toEqual(pos === stream.length ? ["ping 0102"] : []);
        for (let event = lent(reader, scout); event !== null; event = lent(reader, scout)) events.push(event);
      }
      expect(events).toEqual(['seen text "a"', `seen ${bytesEvent("binary", pattern(3000))}`, "seen ping 0102"]);
    });

    test("the ring may be moved up or turn over between looks", () => {
      for (const { make } of MEMORIES) {
        const reader = new FrameReader({ role, memory: make(256) });
        const scout = new FrameScout(reader);
        const capacity = reader.ring.capacity;
        const filler = frameBytes({ opcode: 2, payload: pattern(30), key });
        let pings = 0;
        for (let fed = 0; fed < 3 * capacity; fed += filler.length + ping.length) {
          reader.read(filler);
          reader.read(ping);
          expect(found(scout)).toEqual(["ping 0102"]);
          if (fed % 3 !== 0) continue;
          for (let event = lent(reader, scout); event !== null; event = lent(reader, scout)) {
            if (event === "seen ping 0102") pings++;
          }
        }
        expect(pings).toBeGreaterThan(0);
      }
    });

    test("the copy stays while the reader reads on", () => {
      const { reader, scout } = made(role);
      reader.read(joined([text, ping]));
      const message = scout.next()!;
      reader.next();
      reader.next();
      reader.reset();
      reader.read(pattern(200).fill(0));
      expect(eventOf(message)).toBe("ping 0102");
    });

    test("nothing is looked for behind the close frame", () => {
      const { reader, scout } = made(role);
      reader.read(joined([close, ping, close]));
      expect(found(scout)).toEqual(['close 1001 "b"']);
      reader.read(ping);
      expect(found(scout)).toEqual([]);
    });

    test("nothing is looked for behind a close frame that the reader lends, or behind its failure", () => {
      for (const last of [close, frameBytes({ opcode: 1, payload: hex("ff"), key })]) {
        const { reader, scout } = made(role);
        reader.read(joined([last, ping]));
        reader.next();
        expect(found(scout)).toEqual([]);
      }
    });

    for (const [why, faulty] of [
      ["a reserved opcode", frameBytes({ opcode: 3, key })],
      ["reserved bits", frameBytes({ opcode: 9, reserved: 0x40, key })],
      ["a ping that is too long", frameBytes({ opcode: 9, payload: pattern(126), key })],
      ["a frame over the limits", frameBytes({ opcode: 2, announced: 1n << 40n, key })],
      ["a wrong mask", frameBytes({ opcode: 9, key: role === "server" ? null : KEY })],
      ["a close frame of one byte", frameBytes({ opcode: 8, payload: hex("03"), key })],
      ["a close code that must not be sent", frameBytes({ opcode: 8, payload: hex("03ee"), key })],
      ["a close reason that is not UTF-8", frameBytes({ opcode: 8, payload: hex("03e8ff"), key })],
    ] as const) {
      test(`it stops at ${why}: the reader will say so`, () => {
        const { reader, scout } = made(role);
        reader.read(joined([text, ping, faulty, ping, close]));
        expect(found(scout)).toEqual(["ping 0102"]);
        expect([lent(reader, scout), lent(reader, scout), lent(reader, scout)]).toEqual([
          'seen text "a"',
          "seen ping 0102",
          null,
        ]);
        expect(reader.failure).not.toBeNull();
        expect(found(scout)).toEqual([]);
      });
    }
  });
}

function made(role: Role, bufferCapacity = 1024): { reader: FrameReader; scout: FrameScout } {
  const reader = new FrameReader({ role, bufferCapacity });
  return { reader, scout: new FrameScout(reader) };
}

function found(scout: FrameScout): string[] {
  const events: string[] = [];
  for (let message = scout.next(); message !== null; message = scout.next()) events.push(eventOf(message));
  return events;
}

/** What the reader lends next, and whether the scout had seen it. */
function lent(reader: FrameReader, scout: FrameScout): string | null {
  const message = reader.next();
  return message === null ? null : `${scout.sawLent ? "seen" : "new"} ${eventOf(message)}`;
}
