import { describe, expect, test } from "bun:test";
import { FrameReader } from "../../../src/codec/ws/frame-reader.ts";
import { joined, pattern, utf8 } from "../../helpers/bytes.ts";
import { fragments, frameBytes } from "../../helpers/frames.ts";
import { MEMORIES } from "../../helpers/memories.ts";
import { below as drawn, seededRandom } from "../../helpers/random.ts";

const CAPACITY = 4096;

describe.each(MEMORIES)("over $kind memory", ({ make }) => {
  function reader(options: { role?: "server" | "client"; debug?: boolean } = {}): FrameReader {
    return new FrameReader({ role: "client", memory: make(CAPACITY), ...options });
  }

  function read(to: FrameReader, bytes: Uint8Array, time: number): void {
    expect(to.read(bytes)).toBe(bytes.length);
    to.stamps.add(time);
  }

  test("the messages of one read share its stamp", () => {
    const it = reader();
    read(it, joined([binary(3), text("a"), binary(200)]), 17);
    for (let count = 0; count < 3; count++) expect(it.next()?.receivedAt).toBe(17);
    expect(it.next()).toBeNull();
  });

  test("a message has the stamp of the read that brought its last byte", () => {
    const it = reader();
    const frame = binary(100);
    read(it, frame.subarray(0, 101), 1);
    expect(it.next()).toBeNull();
    read(it, frame.subarray(101), 2);
    expect(it.next()?.receivedAt).toBe(2);
  });

  test("one that ends where its read ends has not the next one's", () => {
    const it = reader();
    read(it, binary(5), 1);
    read(it, binary(5), 2);
    expect(it.next()?.receivedAt).toBe(1);
    expect(it.next()?.receivedAt).toBe(2);
  });

  test("a message that is lent out keeps its stamp while more is read, and the ring settles", () => {
    const it = reader();
    read(it, joined([binary(3000), binary(500)]), 1);
    it.next();
    const lent = it.next();
    for (let time = 2; time < 12; time++) read(it, binary(20), time);
    expect(lent?.receivedAt).toBe(1);
    for (let time = 2; time < 12; time++) expect(it.next()?.receivedAt).toBe(time);
  });

  test("fragments, control frames among them, and what is larger than the ring", () => {
    const it = reader();
    const [first = EMPTY, second = EMPTY] = fragments(1, [utf8("he"), utf8("llo")]);
    read(it, first, 1);
    read(it, frameBytes({ opcode: 9, payload: utf8("p") }), 2);
    expect(it.next()?.receivedAt).toBe(2);
    expect(it.next()).toBeNull();
    read(it, second, 3);
    expect(it.next()?.receivedAt).toBe(3);

    const large = binary(3 * CAPACITY);
    let message = it.next();
    for (let offset = 0, time = 10; offset < large.length; time++) {
      offset += it.read(large, offset);
      it.stamps.add(time);
      message = it.next();
      expect(message?.receivedAt).toBe(offset < large.length ? undefined : time);
    }
    expect(message?.length).toBe(3 * CAPACITY);
  });

  test("more reads than the list had room for, none of which is lost", () => {
    const it = reader();
    const frame = text("x");
    const count = Math.floor(CAPACITY / frame.length);
    for (let time = 0; time < count; time++) read(it, frame, time);
    for (let time = 0; time < count; time++) expect(it.next()?.receivedAt).toBe(time);
  });

  test("is unknown where nobody said it, and after a reset", () => {
    const it = reader();
    it.read(binary(4));
    expect(it.next()?.receivedAt).toBeNaN();
    read(it, joined([binary(4), binary(4)]), 5);
    expect(it.next()?.receivedAt).toBe(5);
    it.reset();
    it.read(binary(4));
    expect(it.next()?.receivedAt).toBeNaN();
    read(it, binary(4), 6);
    expect(it.next()?.receivedAt).toBe(6);
  });

  test("is offered in the debug mode, until the message has expired", () => {
    const it = reader({ debug: true });
    read(it, joined([binary(4), binary(4)]), 5);
    const first = it.next();
    expect(first?.receivedAt).toBe(5);
    expect(first?.kernelReceivedAt).toBeNull();
    it.next();
    expect(() => first?.receivedAt).toThrow("Cannot read message");
    expect(() => first?.kernelReceivedAt).toThrow("Cannot read message");
  });

  test("asks the kernel's clock only where there is one, and only when asked", () => {
    const it = reader();
    let asked = 0;
    read(it, joined([binary(4), binary(4)]), 1);
    expect(it.next()?.kernelReceivedAt).toBeNull();
    it.stamps.kernel = {
      get receivedAt(): bigint {
        asked++;
        return 7n;
      },
    };
    const message = it.next();
    expect(asked).toBe(0);
    expect(message?.kernelReceivedAt).toBe(7n);
    expect(asked).toBe(1);
  });

  test.each(["client", "server"] as const)("of any stream in any pieces, read at any pace, as a %s", (role) => {
    const key = role === "server" ? Uint8Array.of(1, 2, 3, 4) : null;
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(seed);
      const below = (most: number): number => drawn(random, most);
      const frames = Array.from({ length: 300 }, () => {
        if (below(10) === 0) return joined(fragments(1, [utf8("ab"), utf8("cd"), utf8("e")], key));
        if (below(20) === 0) return frameBytes({ opcode: 10, payload: utf8("p"), key });
        return frameBytes({ opcode: 1 + below(2), payload: utf8("m".repeat(below(below(8) === 0 ? 900 : 60))), key });
      });
      const stream = joined(frames);
      /** Of each byte of the stream. */
      const times = new Float64Array(stream.length);
      const it = reader({ role });
      let message = 0;
      let end = 0;
      let offset = 0;
      for (let time = 1; message < frames.length; time++) {
        const most = below(3) === 0 ? 3000 : 60;
        const piece = stream.subarray(offset, offset + 1 + below(most));
        const taken = it.read(piece);
        it.stamps.add(time);
        times.fill(time, offset, offset + taken);
        offset += taken;
        for (let left = taken === 0 ? Number.POSITIVE_INFINITY : below(12); left > 0; left--) {
          const next = it.next();
          if (next === null) break;
          end += frames[message++]?.length ?? 0;
          if (below(3) > 0) expect(next.receivedAt).toBe(times[end - 1] ?? -1);
        }
      }
      expect(it.failure).toBeNull();
    }
  });
});

const EMPTY = new Uint8Array(0);

function binary(length: number): Uint8Array {
  return frameBytes({ opcode: 2, payload: pattern(length) });
}

function text(content: string): Uint8Array {
  return frameBytes({ opcode: 1, payload: utf8(content) });
}
