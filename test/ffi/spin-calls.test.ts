import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { addressOf, spinCalls } from "../../src/ffi/spin-calls.ts";
import { connectedDescriptor } from "../socket/spin-support.ts";

const calls = spinCalls();
if (calls === null) throw new Error("this platform has no libc that is known here");
const { EAGAIN, POLLIN, POLLOUT } = calls.constants;

test("bytes go out and come in where the addresses say; nothing to read is EAGAIN", async () => {
  await using end = await connectedDescriptor();
  const { fd } = end;
  const bytes = new Uint8Array(new ArrayBuffer(16));
  const address = addressOf(bytes);
  expect(calls.receive(fd, address, 16)).toBe(-EAGAIN);
  expect(calls.wait(fd, false, 0)).toBe(0);
  expect(calls.wait(fd, true, 0)).toBe(POLLOUT);
  bytes.set([1, 2, 3, 4]);
  expect(calls.send(fd, address + 1, 3)).toBe(3);
  expect(await end.received(3)).toEqual([2, 3, 4]);
  end.send(new Uint8Array([9, 8]));
  expect(calls.wait(fd, false, 1000)).toBe(POLLIN);
  expect(calls.receive(fd, address + 8, 8)).toBe(2);
  expect([...bytes.subarray(8, 10)]).toEqual([9, 8]);
});

test("FIN is 0, a descriptor that is none EBADF, a peer that is gone an error number and no signal", async () => {
  await using end = await connectedDescriptor();
  const address = addressOf(new Uint8Array(new ArrayBuffer(8)));
  end.end();
  expect(calls.wait(end.fd, false, 1000)).toBe(POLLIN);
  expect(calls.receive(end.fd, address, 8)).toBe(0);
  expect(calls.shutdown(end.fd)).toBe(0);
  expect(calls.send(end.fd, address, 1)).toBe(-32);
  expect(calls.receive(-1, address, 8)).toBe(-9);
  expect(calls.shutdown(-1)).toBe(-9);
});

test("a reset is told to the peer", async () => {
  await using end = await connectedDescriptor();
  calls.reset(end.release());
  expect(await end.closed()).toBe("ECONNRESET");
});

test("a call that finds nothing allocates nothing", async () => {
  await using end = await connectedDescriptor();
  const { fd } = end;
  const bytes = new Uint8Array(new ArrayBuffer(64));
  const address = addressOf(bytes);
  const run = (): number => {
    let sum = 0;
    for (let turn = 0; turn < 20_000; turn++) sum += calls.receive(fd, address + (turn & 31), 32);
    return sum;
  };
  run();
  Bun.gc(true);
  const before = heapStats().heapSize;
  expect(run()).toBe(-EAGAIN * 20_000);
  expect(heapStats().heapSize - before).toBeLessThan(20_000);
});

test("an address stays where it is when the buffer of a small array is asked for", () => {
  const small = new Uint8Array(24);
  const address = addressOf(small);
  expect(small.buffer.byteLength).toBe(24);
  expect(addressOf(small)).toBe(address);
  expect(addressOf(new Uint8Array(0))).toBe(0);
});
