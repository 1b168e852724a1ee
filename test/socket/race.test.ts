import { expect, test } from "bun:test";
import type { IpAddress } from "../../src/socket/address.ts";
import { SocketOptionError } from "../../src/socket/errors.ts";
import { type Attempt, type AttemptDone, race } from "../../src/socket/race.ts";

/** Attempts that end when the test says so. */
class Track {
  readonly started: string[] = [];
  readonly cancelled: string[] = [];
  readonly done: Map<string, AttemptDone<string>> = new Map();
  readonly attempt: Attempt<string> = ({ address }, done) => {
    this.started.push(address);
    this.done.set(address, done);
    return () => this.cancelled.push(address);
  };

  fail(address: string, error: Error = new Error(`${address} failed`)): void {
    this.done.get(address)?.(error, null);
  }

  connect(address: string): void {
    this.done.get(address)?.(null, address);
  }
}

const NEVER = 1_000_000;

function addresses(...names: string[]): IpAddress[] {
  return names.map((address) => ({ address, family: 4 }));
}

function run(
  track: Track,
  names: string[],
  delay: number,
): { result: Promise<[string[], string | null]>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<[string[], string | null]>();
  const stop = race(addresses(...names), track.attempt, delay, (errors, winner) => {
    resolve([errors.map((error) => error.message), winner]);
  });
  return { result: promise, stop };
}

test("the first address alone is tried while it may still answer", async () => {
  const track = new Track();
  const { result } = run(track, ["a", "b"], NEVER);
  await Promise.resolve();
  expect(track.started).toEqual(["a"]);
  track.connect("a");
  expect(await result).toEqual([[], "a"]);
  expect(track.started).toEqual(["a"]);
  expect(track.cancelled).toEqual([]);
});

test("a failure starts the next at once", async () => {
  const track = new Track();
  const { result } = run(track, ["a", "b", "c"], NEVER);
  await Promise.resolve();
  track.fail("a");
  expect(track.started).toEqual(["a", "b"]);
  track.fail("b");
  expect(track.started).toEqual(["a", "b", "c"]);
  track.connect("c");
  expect(await result).toEqual([[], "c"]);
});

test("silence starts the next after the delay, and the loser is cancelled", async () => {
  const track = new Track();
  const { result } = run(track, ["a", "b"], 5);
  while (track.started.length < 2) await Bun.sleep(1);
  track.connect("b");
  expect(await result).toEqual([[], "b"]);
  expect(track.cancelled).toEqual(["a"]);
  track.connect("a");
  track.fail("a");
  expect(await result).toEqual([[], "b"]);
});

test("the slow first may still win over the second", async () => {
  const track = new Track();
  const { result } = run(track, ["a", "b"], 1);
  while (track.started.length < 2) await Bun.sleep(1);
  track.connect("a");
  expect(await result).toEqual([[], "a"]);
  expect(track.cancelled).toEqual(["b"]);
});

test("when all have failed, each error is told", async () => {
  const track = new Track();
  const { result } = run(track, ["a", "b"], 1);
  while (track.started.length < 2) await Bun.sleep(1);
  track.fail("b");
  track.fail("a");
  expect(await result).toEqual([["b failed", "a failed"], null]);
});

test("attempts may fail before they return", async () => {
  const tried: string[] = [];
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const attempt: Attempt<string> = ({ address }, done) => {
    tried.push(address);
    done(new Error(address), null);
    return () => {};
  };
  race(addresses("a", "b", "c"), attempt, NEVER, (errors, winner) => resolve([errors.length, winner]));
  expect(tried).toEqual([]);
  expect(await promise).toEqual([3, null]);
  expect(tried).toEqual(["a", "b", "c"]);
});

test("an option that the kernel refuses ends the race", async () => {
  const track = new Track();
  const { result } = run(track, ["a", "b"], NEVER);
  await Promise.resolve();
  track.fail("a", new SocketOptionError("SOCKET_OPTION_REFUSED", "refused", "priority", 1, "EPERM"));
  expect(await result).toEqual([["refused"], null]);
  expect(track.started).toEqual(["a"]);
});

test("stopping cancels all that run, and nothing is told afterwards", async () => {
  const track = new Track();
  const { result, stop } = run(track, ["a", "b", "c"], 1);
  while (track.started.length < 2) await Bun.sleep(1);
  stop();
  const { length } = track.started;
  expect(track.cancelled).toEqual(track.started);
  track.connect("a");
  track.fail("b");
  expect(await Promise.race([result, Bun.sleep(10).then(() => "nothing")])).toBe("nothing");
  expect(track.started.length).toBe(length);
});

test("a race stopped before it began starts nothing", async () => {
  const track = new Track();
  run(track, ["a"], NEVER).stop();
  await Bun.sleep(1);
  expect(track.started).toEqual([]);
});
