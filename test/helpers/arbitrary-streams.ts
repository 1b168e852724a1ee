import fc from "fast-check";
import type { Role } from "../../src/codec/ws/opcode.ts";
import { joined, utf8 } from "./bytes.ts";
import { bytesEvent, closeEvent, textEvent } from "./events.ts";
import { type FrameShape, frameBytes } from "./frames.ts";

/** Frames that keep every rule, and the messages they are. */
export interface ValidStream {
  readonly role: Role;
  readonly frames: readonly Uint8Array[];
  readonly bytes: Uint8Array;
  readonly events: readonly string[];
}

/** Any sequence of valid frames: whole, fragmented and empty messages, control frames between them and between fragments, a close frame last or none. */
export function validStreams(): fc.Arbitrary<ValidStream> {
  const role = fc.constantFrom<Role>("client", "server");
  const parts = fc.array(fc.oneof({ weight: 3, arbitrary: messages() }, { weight: 1, arbitrary: controls() }), {
    maxLength: 5,
  });
  return fc
    .tuple(
      role,
      parts,
      fc.option(closes(), { freq: 3 }),
      fc.infiniteStream(fc.uint8Array({ minLength: 4, maxLength: 4 })),
    )
    .map(([reader, pieces, close, keys]) => {
      const all = close === null ? pieces : [...pieces, close];
      const frames = all.flatMap(({ shapes }) =>
        shapes.map((shape) => frameBytes(reader === "server" ? { ...shape, key: keys.next().value } : shape)),
      );
      return { role: reader, frames, bytes: joined(frames), events: all.flatMap(({ events }) => events) };
    });
}

/** Where to cut a stream, as shares of its length. */
export function cuts(): fc.Arbitrary<readonly number[]> {
  return fc.array(fc.nat({ max: 999 }), { maxLength: 12 });
}

/** {@link cuts} as ascending positions within `length` bytes. */
export function cutsWithin(shares: readonly number[], length: number): number[] {
  const points = new Set(shares.map((share) => Math.floor((share * length) / 1000)).filter((point) => point > 0));
  return [...points].sort((a, b) => a - b);
}

/** One change of one place in a stream: what to do, where (as a share of its length), and with what. */
export interface Mutation {
  readonly verb: "flip" | "set" | "insert" | "delete" | "truncate" | "repeat";
  readonly share: number;
  readonly value: number;
}

export function mutations(): fc.Arbitrary<readonly Mutation[]> {
  const verb = fc.constantFrom<Mutation["verb"]>("flip", "set", "set", "insert", "delete", "truncate", "repeat");
  // Headers lie at small distances from each other, so most values are those that mean something in one.
  const value = fc.oneof(
    fc.nat({ max: 255 }),
    fc.constantFrom(0, 1, 2, 8, 9, 0x7e, 0x7f, 0x80, 0x81, 0x82, 0x88, 0xc0, 0xfe, 0xff),
  );
  return fc.array(fc.record({ verb, share: fc.nat({ max: 999 }), value }), { minLength: 1, maxLength: 4 });
}

export function mutated(bytes: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let out = Array.from(bytes);
  for (const { verb, share, value } of changes) {
    const at = Math.floor((share * out.length) / 1000);
    if (verb === "flip") out[at] = (out[at] ?? 0) ^ (1 << (value & 7));
    else if (verb === "set") out[at] = value;
    else if (verb === "insert") out.splice(at, 0, value);
    else if (verb === "delete") out.splice(at, 1 + (value & 7));
    else if (verb === "truncate") out = out.slice(0, at);
    else out.splice(at, 0, ...out.slice(at, at + (value & 15)));
  }
  return Uint8Array.from(out);
}

interface Piece {
  readonly shapes: readonly FrameShape[];
  readonly events: readonly string[];
}

function messages(): fc.Arbitrary<Piece> {
  const text = texts().map((value) => ({ opcode: 1, payload: utf8(value), event: textEvent(value) }));
  const binary = payloads().map((payload) => ({ opcode: 2, payload, event: bytesEvent("binary", payload) }));
  const between = fc.array(fc.tuple(cutShare(), fc.option(controls())), { maxLength: 3 });
  return fc.tuple(fc.oneof(text, binary), between).map(([{ opcode, payload, event }, breaks]) => {
    const shapes: FrameShape[] = [];
    const events: string[] = [];
    let from = 0;
    for (const [share, control] of [...breaks].sort(([a], [b]) => a - b)) {
      const to = Math.floor((share * payload.length) / 100);
      shapes.push({ opcode: shapes.length === 0 ? opcode : 0, payload: payload.subarray(from, to), fin: false });
      from = to;
      if (control !== null) shapes.push(...control.shapes);
      if (control !== null) events.push(...control.events);
    }
    shapes.push({ opcode: shapes.length === 0 ? opcode : 0, payload: payload.subarray(from) });
    return { shapes, events: [...events, event] };
  });
}

function controls(): fc.Arbitrary<Piece> {
  return fc
    .tuple(fc.constantFrom<"ping" | "pong">("ping", "pong"), fc.uint8Array({ maxLength: 6 }))
    .map(([kind, payload]) => ({
      shapes: [{ opcode: kind === "ping" ? 9 : 10, payload }],
      events: [bytesEvent(kind, payload)],
    }));
}

function closes(): fc.Arbitrary<Piece> {
  const coded = fc
    .tuple(fc.constantFrom(1000, 1001, 1011, 3000, 4999), fc.string({ unit: "grapheme", maxLength: 8 }))
    .map(([code, reason]) => {
      const payload = joined([Uint8Array.of(code >> 8, code & 0xff), utf8(reason)]);
      return { shapes: [{ opcode: 8, payload }], events: [closeEvent(code, reason)] };
    });
  return fc.oneof(coded, fc.constant({ shapes: [{ opcode: 8 }], events: [closeEvent(1005, "")] }));
}

function texts(): fc.Arbitrary<string> {
  const short = fc.string({
    unit: fc.oneof(fc.constantFrom("a", "é", "€", "\u{1f600}"), fc.string({ minLength: 1, maxLength: 1 })),
    maxLength: 20,
  });
  return fc.oneof(
    { weight: 8, arbitrary: short },
    { weight: 1, arbitrary: lengths().map((length) => "t".repeat(length)) },
  );
}

function payloads(): fc.Arbitrary<Uint8Array> {
  const long = lengths().map((length) => new Uint8Array(length).fill(length));
  return fc.oneof({ weight: 8, arbitrary: fc.uint8Array({ maxLength: 20 }) }, { weight: 1, arbitrary: long });
}

/** Around the lengths that change the header, and over the smallest ring. */
function lengths(): fc.Arbitrary<number> {
  return fc.constantFrom(124, 125, 126, 127, 200, 252, 253, 300);
}

function cutShare(): fc.Arbitrary<number> {
  return fc.nat({ max: 100 });
}
