import { describe, expect, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { FrameWriter } from "../../src/codec/ws/frame-writer.ts";
import { maskKeys } from "../../src/ws/mask-keys.ts";
import { Outbox } from "../../src/ws/outbox.ts";
import { pattern, utf8 } from "../helpers/bytes.ts";
import { ScriptedTransport } from "../helpers/scripted-transport.ts";
import { lineOf, messagesIn } from "../helpers/ws-peer.ts";

class Sender {
  readonly transport: ScriptedTransport = new ScriptedTransport();
  readonly outbox: Outbox;
  rooms = 0;

  constructor(limits: { readonly capacity?: number; readonly highWaterMark?: number } = {}) {
    const { capacity = 1024, highWaterMark = 4096 } = limits;
    this.outbox = new Outbox(this.transport, new FrameWriter({ role: "client", maskKeys }), {
      capacity,
      highWaterMark,
    });
    this.outbox.onRoom = () => {
      this.rooms++;
    };
  }

  /** What the peer would read of what was written so far. */
  get lines(): string[] {
    return messagesIn(this.transport.written, "client").map(lineOf);
  }
}

describe("Outbox", () => {
  test("makes one write of each message while the transport takes all", () => {
    const { outbox, transport } = new Sender();
    expect(outbox.text("one")).toBe(true);
    expect(outbox.binary(Uint8Array.of(1, 2))).toBe(true);
    expect(outbox.ping(utf8("p"))).toBe(true);
    expect(outbox.pong()).toBe(true);
    expect(outbox.close(1000, "bye")).toBe(true);
    expect(transport.writes).toHaveLength(5);
    expect(transport.writes.flatMap((bytes) => messagesIn(bytes, "client").map(lineOf))).toEqual([
      "text one",
      "binary 0102",
      "ping 70",
      "pong",
      "close 1000 bye",
    ]);
    expect(outbox.length).toBe(0);
  });

  test("keeps what a short write left, does not offer it before a drain, and keeps the order", () => {
    const sender = new Sender();
    const { outbox, transport } = sender;
    transport.takes.push(3);
    outbox.text("first");
    outbox.text("second");
    expect(transport.writes).toHaveLength(1);
    expect(outbox.length).toBe(6 + 5 + 6 + 6 - 3);
    transport.takes.push(1, 0, 4);
    for (let drains = 0; drains < 3; drains++) outbox.drain();
    expect(transport.writes.map((bytes) => bytes.length)).toEqual([3, 1, 0, 4]);
    outbox.drain();
    expect(sender.lines).toEqual(["text first", "text second"]);
    expect(outbox.length).toBe(0);
    outbox.drain();
    expect(transport.writes).toHaveLength(5);
  });

  test("says false above the high-water mark, and tells once when half of it is free again", () => {
    const sender = new Sender({ highWaterMark: 100 });
    const { outbox, transport } = sender;
    transport.room = 0;
    expect(outbox.binary(new Uint8Array(94))).toBe(true);
    expect(outbox.length).toBe(100);
    expect(outbox.full).toBe(false);
    expect(outbox.ping()).toBe(false);
    expect(outbox.full).toBe(true);
    transport.takes.push(7, 48, 1);
    outbox.drain();
    // Below the mark, but not below half of it.
    expect(outbox.length).toBe(99);
    expect(outbox.full).toBe(true);
    outbox.drain();
    expect([outbox.length, sender.rooms]).toEqual([51, 0]);
    outbox.drain();
    expect([outbox.length, sender.rooms, outbox.full]).toEqual([50, 1, false]);
    transport.room = 1000;
    outbox.drain();
    expect(sender.rooms).toBe(1);
    expect(sender.lines).toHaveLength(2);
  });

  test("takes drains that nobody waits for", () => {
    const sender = new Sender();
    sender.outbox.drain();
    sender.outbox.drain();
    expect(sender.transport.writes).toEqual([]);
    expect(sender.rooms).toBe(0);
  });

  describe.each([0, 1, 2, 3, 124, 125, 126, 127, 1016, 1023, 1024, 1025, 3000, 65_535, 65_536, 70_001])(
    "with a payload of %i bytes",
    (length) => {
      test.each([
        ["a transport that takes all", Number.POSITIVE_INFINITY],
        ["one that takes 700 bytes at a time", 700],
        ["one that takes 3 at a time", length > 4000 ? 333 : 3],
      ])("sends binary, ASCII and other text over %s", (_, room) => {
        const sender = new Sender();
        const { outbox, transport } = sender;
        const bytes = pattern(length);
        const ascii = "abcdefg".repeat(Math.ceil(length / 7)).slice(0, length);
        const text = "aé€😀".repeat(Math.ceil(length / 5)).slice(0, length);
        transport.room = room;
        outbox.binary(bytes);
        outbox.text(ascii);
        outbox.text(text);
        outbox.ping(utf8("end"));
        while (outbox.length > 0) outbox.drain();
        const [first, second, third, last] = messagesIn(transport.written, "client");
        expect(first?.kind === "binary" && Buffer.compare(first.bytes, bytes)).toBe(0);
        expect(second).toEqual({ kind: "text", text: ascii });
        expect(third).toEqual({ kind: "text", text: text.toWellFormed() });
        expect(last?.kind).toBe("ping");
      });
    },
  );

  test("sends a payload over its capacity piece by piece", () => {
    const { outbox, transport } = new Sender({ capacity: 1024 });
    outbox.binary(pattern(10_000));
    expect(transport.writes.length).toBeGreaterThan(9);
    for (const write of transport.writes) expect(write.length).toBeLessThanOrEqual(1024 + 14);
    transport.writes.length = 0;
    outbox.text("x".repeat(10_000));
    expect(transport.writes.length).toBeGreaterThan(9);
    transport.writes.length = 0;
    outbox.text("x".repeat(1024));
    expect(transport.writes).toHaveLength(1);
  });

  test("does not change the payload that it masks", () => {
    const { outbox } = new Sender();
    for (const length of [10, 5000]) {
      const bytes = pattern(length);
      outbox.binary(bytes);
      expect(bytes).toEqual(pattern(length));
    }
  });

  describe("cork", () => {
    test("makes one write of many sends", () => {
      const sender = new Sender();
      const { outbox, transport } = sender;
      expect(
        outbox.cork(() => {
          for (let count = 0; count < 20; count++) outbox.text(`message ${count}`);
          outbox.cork(() => outbox.ping());
        }),
      ).toBe(true);
      expect(transport.writes).toHaveLength(1);
      expect(sender.lines).toHaveLength(21);
    });

    test("makes one write of payloads over the capacity, too", () => {
      const sender = new Sender({ capacity: 256 });
      sender.outbox.cork(() => {
        sender.outbox.text("x".repeat(1000));
        sender.outbox.binary(new Uint8Array(2000));
      });
      expect(sender.transport.writes).toHaveLength(1);
      expect(sender.lines).toHaveLength(2);
    });

    test("makes no write where nothing was sent", () => {
      const { outbox, transport } = new Sender();
      expect(outbox.cork(() => {})).toBe(true);
      expect(transport.writes).toHaveLength(0);
    });

    test("sends what came before a throw", () => {
      const sender = new Sender();
      expect(() =>
        sender.outbox.cork(() => {
          sender.outbox.text("before");
          throw new Error("thrown");
        }),
      ).toThrow("thrown");
      expect(sender.lines).toEqual(["text before"]);
      sender.outbox.text("after");
      expect(sender.transport.writes).toHaveLength(2);
    });

    test("leaves room where its one write was taken, however much was sent", () => {
      const sender = new Sender({ highWaterMark: 100 });
      const said: boolean[] = [];
      expect(sender.outbox.cork(() => said.push(sender.outbox.binary(new Uint8Array(500))))).toBe(true);
      expect(said).toEqual([false]);
      expect([sender.outbox.full, sender.rooms]).toEqual([false, 1]);
    });

    test("says false where its one write left too much", () => {
      const sender = new Sender({ highWaterMark: 100 });
      sender.transport.room = 10;
      expect(sender.outbox.cork(() => sender.outbox.binary(new Uint8Array(500)))).toBe(false);
      expect([sender.outbox.full, sender.rooms]).toEqual([true, 0]);
    });

    test("does not write before the drain that is waited for", () => {
      const sender = new Sender();
      sender.transport.takes.push(1);
      sender.outbox.text("first");
      sender.outbox.cork(() => sender.outbox.text("second"));
      expect(sender.transport.writes).toHaveLength(1);
      sender.outbox.drain();
      expect(sender.lines).toEqual(["text first", "text second"]);
    });
  });

  describe("in place", () => {
    test("serialises text and binary without a string between", () => {
      const sender = new Sender();
      expect(
        sender.outbox.inPlace(
          "text",
          100,
          (bytes, offset) => offset + Buffer.from(bytes.buffer).write("héllo", offset),
        ),
      ).toBe(true);
      sender.outbox.inPlace("binary", 300, (bytes, offset) => bytes.fill(7, offset, offset + 200) && offset + 200);
      sender.outbox.inPlace("text", 0, (_, offset) => offset);
      expect(sender.lines).toEqual(["text héllo", `binary ${"07".repeat(200)}`, "text "]);
    });

    test.each([
      ["before its start", -1],
      ["past maxLength", 11],
      ["at no number", Number.NaN],
    ])("refuses a writer that ends %s, and sends nothing of it", (_, by) => {
      const sender = new Sender();
      const refuse = (): unknown =>
        sender.outbox.inPlace("text", 10, (bytes, offset) => bytes.fill(97, offset, offset + 10) && offset + by);
      expect(refuse).toThrow(expect.objectContaining({ code: "WRITER_OUT_OF_BOUNDS" }));
      sender.outbox.text("next");
      expect(sender.lines).toEqual(["text next"]);
    });

    test("refuses to send within a writer, which goes on", () => {
      const sender = new Sender();
      const { outbox } = sender;
      const refused: unknown[] = [];
      const sends = [
        () => outbox.text("x"),
        () => outbox.text("x".repeat(5000)),
        () => outbox.binary(new Uint8Array(1)),
        () => outbox.binary(new Uint8Array(5000)),
        () => outbox.ping(),
        () => outbox.pong(),
        () => outbox.close(1000, ""),
        () => outbox.inPlace("text", 1, (_, offset) => offset),
        () => outbox.cork(() => outbox.text("x")),
      ];
      outbox.inPlace("text", 10, (bytes, offset) => {
        for (const send of sends) {
          try {
            send();
          } catch (error) {
            refused.push(error);
          }
        }
        bytes.set(utf8("mine"), offset);
        return offset + 4;
      });
      expect(refused).toHaveLength(sends.length);
      for (const error of refused) {
        expect(error).toBeInstanceOf(UsageError);
        expect(error).toMatchObject({ code: "SEND_WITHIN_WRITER" });
      }
      expect(sender.lines).toEqual(["text mine"]);
    });

    test("can send again after a writer threw", () => {
      const sender = new Sender();
      const fail = (): never => {
        throw new Error("thrown");
      };
      expect(() => sender.outbox.inPlace("binary", 10, fail)).toThrow("thrown");
      sender.outbox.text("next");
      expect(sender.lines).toEqual(["text next"]);
    });
  });

  test("drops what waits once the transport is gone", () => {
    const { outbox, transport } = new Sender({ highWaterMark: 10 });
    transport.room = 5;
    outbox.text("long enough to wait");
    transport.close(null);
    outbox.drain();
    expect(outbox.length).toBe(0);
    outbox.text("x".repeat(3000));
    expect(outbox.length).toBe(0);
  });
});
