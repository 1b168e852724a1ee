import type { Role } from "../../../src/codec/ws/opcode.ts";
import { memoryPair } from "../../../src/socket/memory-pair.ts";
import type { Transport } from "../../../src/socket/transport.ts";
import { joined } from "../../helpers/bytes.ts";
import { turn } from "../../helpers/wait.ts";
import { close, inFrames, pieces } from "../vectors/build.ts";
import { type DeflateAgreement, type DeflatedMessage, MARK, type Step, type Vector } from "../vectors/vector.ts";
import { Chopped } from "./chopped.ts";
import { ConformancePeer } from "./peer.ts";
import { PeerDeflate } from "./peer-deflate.ts";
import type { Program, Running } from "./programs.ts";
import { wireFrame } from "./wire.ts";

/** What happened, or was to happen: what the program received, and what it sent. Both have the marks. */
export interface Trace {
  readonly received: string[];
  readonly sent: string[];
}

/** A vector as it is played to one role: what the peer sends from one mark to the next, and what must happen. */
export interface Conversation {
  readonly role: Role;
  readonly deflate: DeflateAgreement | null;
  readonly segments: readonly Uint8Array[];
  readonly wanted: Trace;
}

export function conversationOf(vector: Vector, role: Role): Conversation {
  return { role, deflate: vector.deflate ?? null, segments: segmentsOf(vector, role), wanted: expected(vector) };
}

/** Plays to a program in memory, in pieces of `chop` bytes, 0 for as they are sent. */
export async function playInMemory(
  { role, segments, deflate }: Conversation,
  program: Program,
  chop: number,
): Promise<Trace> {
  const large = segments.reduce((sum, segment) => sum + segment.length, 0) > LARGE;
  const [end, far] = memoryPair({ capacity: 1 << 20 });
  const near = new Chopped(end);
  const peer = new ConformancePeer(far, role, program.opening, deflate);
  const received: string[] = [];
  // A small ring is passed over often, a large one is what programs have.
  const ring = large ? {} : { bufferCapacity: SMALL_RING };
  const running = await program.run(near, role, received, { ...ring, deflate });
  await settle(peer);
  if (chop > 0) near.size = chop;
  for (const [at, segment] of segments.entries()) {
    if (at > 0) {
      received.push(MARK);
      peer.trace.push(MARK);
    }
    peer.send(segment);
    await settle(peer);
  }
  await finish(peer, running);
  return { received: closeLast(received), sent: [...peer.trace, ...peer.ending] };
}

/** What a vector says must happen. */
function expected({ script, events }: Vector): Trace {
  const received = events.filter((said) => !said.startsWith("sent "));
  const sent = events.filter((said) => said === MARK || said.startsWith("sent "));
  if (!events.some((said) => /^(?:failed|close) /.test(said))) {
    if (script.some(isClose)) throw new Error("Cannot play: a close frame, and nothing comes of it");
    received.push('close 1000 ""');
    sent.push("sent close 1000");
  }
  sent.push("sent end");
  return { received: closeLast(received), sent };
}

/**
 * Plays over sockets. Nobody can know there that nothing more will come: at a mark the peer waits until it was sent what it must have been,
 * which tells what comes too late; what comes too early only memory tells, so the traces are without marks.
 */
export async function playOver(
  { near, peer }: { readonly near: Transport; readonly peer: ConformancePeer },
  { role, segments, wanted, deflate }: Conversation,
  program: Program,
): Promise<Trace> {
  const received: string[] = [];
  const running = await program.run(near, role, received, { deflate });
  const timer = setTimeout(() => running.terminate(), IN_VAIN);
  const due = dueAtMarks(wanted.sent);
  for (const [at, segment] of segments.entries()) {
    if (at > 0) await peer.until(({ trace, gone }) => gone || trace.length >= (due[at - 1] ?? 0));
    peer.send(segment);
  }
  clearTimeout(timer);
  await finish(peer, running);
  return { received: closeLast(received), sent: [...peer.trace, ...peer.ending] };
}

/**
 * Plays to a program of someone else's, all at once, and tells what it sent: how it ends its half of the connection, and what it says in its
 * close frame beside the code, is its own affair.
 */
export async function playTo(peer: ConformancePeer, { segments }: Conversation): Promise<string[]> {
  await peer.until(({ opened, gone }) => opened || gone);
  for (const segment of segments) peer.send(segment);
  peer.finish();
  const timer = setTimeout(() => peer.reset(), IN_VAIN);
  await peer.until(({ gone }) => gone);
  clearTimeout(timer);
  return peer.trace.filter((said) => !said.startsWith("sent a close frame of"));
}

export function withoutMarks({ received, sent }: Trace): Trace {
  const unmarked = (said: string): boolean => said !== MARK;
  return { received: received.filter(unmarked), sent: sent.filter(unmarked) };
}

/** How many lines stand before each mark. */
function dueAtMarks(sent: readonly string[]): number[] {
  return sent.flatMap((said, at) =>
    said === MARK ? [at - sent.slice(0, at).filter((one) => one === MARK).length] : [],
  );
}

/** The first difference, in words; null where there is none. */
export function difference(actual: Trace, wanted: Trace): string | null {
  return firstDifference(actual.received, wanted.received) ?? firstDifference(actual.sent, wanted.sent);
}

/** The bytes of the script from one mark to the next. */
function segmentsOf({ script, deflate }: Vector, program: Role): Uint8Array[] {
  const steps: readonly Step[] = script.some(isClose) ? script : [...script, close(1000)];
  const deflater = deflate === undefined ? null : new PeerDeflate(program === "client" ? "server" : "client", deflate);
  const segments: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  const cut = (): void => {
    segments.push(joined(parts));
    parts = [];
  };
  for (const [at, step] of steps.entries()) {
    if (step === MARK) cut();
    else if (step instanceof Uint8Array) parts.push(step);
    else if ("level" in step) parts.push(...wireMessage(step, deflater, keyOf(false, program, at)));
    else {
      const { bytes, marks } = wireFrame(step, keyOf(step.wrongMask, program, at));
      let start = 0;
      for (const mark of marks) {
        parts.push(bytes.subarray(start, mark));
        start = mark;
        cut();
      }
      parts.push(bytes.subarray(start));
    }
  }
  cut();
  return segments;
}

/** A client masks, each frame with a key of its own. */
function keyOf(wrongMask: boolean, program: Role, at: number): Uint8Array | null {
  const masked = (program === "server") !== wrongMask;
  return masked ? Uint8Array.of(0x37 + at * 11, 0xfa ^ at, 0x21 + at * 3, 0x3d - at * 7) : null;
}

/** A compressed message: RSV1 on its first frame (RFC 7692 section 6). */
function wireMessage(message: DeflatedMessage, deflater: PeerDeflate | null, key: Uint8Array | null): Uint8Array[] {
  if (deflater === null) throw new Error("Cannot play: a compressed message, and no agreement on it");
  const { kind, payload, fragment, level } = message;
  const compressed = deflater.compress(payload, level);
  const parts = inFrames(kind === "text" ? 1 : 2, fragment === 0 ? [compressed] : pieces(compressed, fragment));
  return parts.map((frame, at) => wireFrame({ ...frame, reserved: at === 0 ? 0x40 : 0 }, key).bytes);
}

function isClose(step: Step): boolean {
  return typeof step === "object" && "opcode" in step && step.opcode === 8;
}

/** Lets the connection end, and waits until it has. */
async function finish(peer: ConformancePeer, running: Running): Promise<void> {
  peer.finish();
  const timer = setTimeout(() => {
    peer.ending.push("the connection does not end");
    running.terminate();
  }, IN_VAIN);
  await Promise.all([running.ended, peer.until(({ gone }) => gone)]);
  clearTimeout(timer);
}

/** Waits until all was sent, and both ends have done what they do about it. */
async function settle(peer: ConformancePeer): Promise<void> {
  await peer.until(({ waiting, gone }) => waiting === 0 || gone);
  await turn();
}

/** A stream gives the close frame as it comes, a connection once it is over: no mark tells the two apart. */
function closeLast(received: readonly string[]): string[] {
  const [close, ...more] = received.filter((said) => said.startsWith("close "));
  if (close === undefined || more.length > 0) return [...received];
  return [...received.filter((said) => said !== close), close];
}

function firstDifference(actual: readonly string[], wanted: readonly string[]): string | null {
  const at = Array.from({ length: Math.max(actual.length, wanted.length) }).findIndex(
    (_, index) => actual[index] !== wanted[index],
  );
  return at < 0 ? null : `${actual[at] ?? "nothing"} instead of ${wanted[at] ?? "nothing"}`;
}

/** Bytes of a script from which on the program has a ring of the usual size. */
const LARGE = 200_000;
const SMALL_RING = 4096;
/** Milliseconds: far more than any conversation takes. */
const IN_VAIN = 30_000;
