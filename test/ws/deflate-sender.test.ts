import { describe, expect, test } from "bun:test";
import { FrameReader } from "../../src/codec/ws/frame-reader.ts";
import { FrameWriter } from "../../src/codec/ws/frame-writer.ts";
import type { Role } from "../../src/codec/ws/opcode.ts";
import { type DeflateOptions, deflateSettings } from "../../src/ws/deflate-options.ts";
import { DeflateSender } from "../../src/ws/deflate-sender.ts";
import { maskKeys } from "../../src/ws/mask-keys.ts";
import { Outbox } from "../../src/ws/outbox.ts";
import { pattern, utf8 } from "../helpers/bytes.ts";
import { inflateWay } from "../helpers/deflate.ts";
import { bytesEvent, eventOf, textEvent } from "../helpers/events.ts";
import { ScriptedTransport } from "../helpers/scripted-transport.ts";

const SENTENCE = "the same words again and again, ";

/** An outbox that compresses, and the reader at the other end. */
class Sender {
  readonly transport: ScriptedTransport = new ScriptedTransport();
  readonly outbox: Outbox;
  readonly #role: Role;
  readonly #options: DeflateOptions;

  constructor(options: DeflateOptions = {}, capacity = 1024, role: Role = "server") {
    const settings = deflateSettings(options);
    if (settings === null) throw new Error("no settings");
    const writer = new FrameWriter(role === "client" ? { role, maskKeys } : { role });
    const limits = { capacity, highWaterMark: 1 << 20 };
    this.outbox = new Outbox(this.transport, writer, limits, new DeflateSender(settings.terms.own, settings));
    this.#role = role;
    this.#options = options;
  }

  /** What the peer reads, each message with `*` where it came compressed. */
  get events(): string[] {
    const { windowBits = 15, contextTakeover = true } = this.#options;
    const reader = new FrameReader({
      role: this.#role === "client" ? "server" : "client",
      inflate: inflateWay(windowBits, contextTakeover),
      bufferCapacity: 1 << 20,
    });
    const { written } = this.transport;
    const events: string[] = [];
    for (let pos = 0; pos < written.length && reader.failure === null; ) {
      // Each message is one frame, and each frame's first byte says whether it is compressed.
      const star = ((written[pos] ?? 0) & 0x40) === 0 ? "" : "*";
      let message = null;
      while (message === null && pos < written.length && reader.failure === null) {
        pos += reader.read(written.subarray(0, pos + 1), pos);
        message = reader.next();
      }
      if (message !== null) events.push(star + eventOf(message));
    }
    if (reader.failure !== null) throw reader.failure;
    return events;
  }
}

describe.each(["client", "server"] as const)("as %s", (role) => {
  test("compresses text and bytes from the threshold on, counted in bytes", () => {
    const sender = new Sender({ threshold: 100 }, 1024, role);
    const { outbox } = sender;
    outbox.text("a".repeat(99));
    outbox.text("a".repeat(100));
    outbox.text("é".repeat(49));
    outbox.text("é".repeat(50));
    outbox.binary(new Uint8Array(99));
    outbox.binary(new Uint8Array(100));
    outbox.ping(new Uint8Array(120));
    expect(sender.events).toEqual([
      textEvent("a".repeat(99)),
      `*${textEvent("a".repeat(100))}`,
      textEvent("é".repeat(49)),
      `*${textEvent("é".repeat(50))}`,
      bytesEvent("binary", new Uint8Array(99)),
      `*${bytesEvent("binary", new Uint8Array(100))}`,
      bytesEvent("ping", new Uint8Array(120)),
    ]);
  });

  test("compresses what is written in place, and leaves the rest as it is", () => {
    const sender = new Sender({ threshold: 100 }, 1024, role);
    const { outbox } = sender;
    const write = (text: string) => (bytes: Uint8Array, offset: number) => {
      bytes.set(utf8(text), offset);
      return offset + utf8(text).length;
    };
    outbox.inPlace("text", 99, write(SENTENCE));
    outbox.inPlace("text", 5000, write(SENTENCE));
    outbox.inPlace("text", 5000, write(SENTENCE.repeat(150)));
    outbox.inPlace("binary", 200, write(SENTENCE.repeat(4)));
    outbox.inPlace("binary", 200, write(""));
    expect(sender.events).toEqual([
      textEvent(SENTENCE),
      textEvent(SENTENCE),
      `*${textEvent(SENTENCE.repeat(150))}`,
      `*${bytesEvent("binary", utf8(SENTENCE.repeat(4)))}`,
      "binary",
    ]);
  });

  test("large messages, compressed to less and to more than the buffer, come whole", () => {
    const noise = crypto.getRandomValues(new Uint8Array(200_000));
    const text = "aé€😀".repeat(40_000);
    const sender = new Sender({ threshold: 0 }, 1024, role);
    sender.outbox.binary(noise);
    sender.outbox.text(text);
    sender.outbox.binary(noise.subarray(0, 30_000));
    expect(sender.events).toEqual([
      `*${bytesEvent("binary", noise)}`,
      `*${textEvent(text)}`,
      `*${bytesEvent("binary", noise.subarray(0, 30_000))}`,
    ]);
  });
});

test("what does not shrink is sent as it is where the window is not taken over", () => {
  const noise = crypto.getRandomValues(new Uint8Array(3000));
  const sender = new Sender({ threshold: 0, contextTakeover: false });
  sender.outbox.binary(noise);
  sender.outbox.text(SENTENCE.repeat(4));
  sender.outbox.text("a");
  expect(sender.events).toEqual([bytesEvent("binary", noise), `*${textEvent(SENTENCE.repeat(4))}`, textEvent("a")]);
});

test("an empty message is sent as it is", () => {
  const sender = new Sender({ threshold: 0 });
  sender.outbox.text("");
  sender.outbox.binary(new Uint8Array(0));
  expect(sender.events).toEqual(['text ""', "binary"]);
});

test("connections share memory and do not disturb each other, also where one's transport sends on another", () => {
  const first = new Sender({ threshold: 0 });
  const second = new Sender({ threshold: 0 });
  const noise = pattern(20_000).map((byte, at) => byte ^ (at >> 3));
  const write = first.transport.write.bind(first.transport);
  let nested = 0;
  first.transport.write = (bytes, offset, length) => {
    if (nested++ < 40) second.outbox.binary(noise.subarray(nested));
    return write(bytes, offset, length);
  };
  first.outbox.binary(noise);
  first.outbox.text(SENTENCE);
  expect(first.events).toEqual([`*${bytesEvent("binary", noise)}`, `*${textEvent(SENTENCE)}`]);
  expect(second.events.length).toBe(nested);
});

test("a writer that says it ended outside its room has sent nothing, nor has one that throws", () => {
  const sender = new Sender({ threshold: 0 });
  expect(() => sender.outbox.inPlace("text", 10, (_, offset) => offset + 11)).toThrow(
    expect.objectContaining({ code: "WRITER_OUT_OF_BOUNDS" }),
  );
  expect(() =>
    sender.outbox.inPlace("text", 10, () => {
      throw new RangeError("no");
    }),
  ).toThrow(RangeError);
  expect(() => sender.outbox.inPlace("text", 10, () => Number(sender.outbox.text("within")))).toThrow(
    expect.objectContaining({ code: "SEND_WITHIN_WRITER" }),
  );
  sender.outbox.text("after");
  expect(sender.events).toEqual(['*text "after"']);
});

test("what could not be sent is not compressed, so that the peer's window stays what ours is", () => {
  const sender = new Sender({ threshold: 0 });
  // More than can wait: its length is all that is looked at.
  const huge = { length: 1 << 30 } as unknown as Uint8Array;
  expect(() => sender.outbox.binary(huge)).toThrow(expect.objectContaining({ code: "WRITE_TOO_LARGE" }));
  sender.outbox.text(SENTENCE);
  expect(sender.events).toEqual([`*${textEvent(SENTENCE)}`]);
});
