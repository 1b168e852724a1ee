import { expect, test } from "bun:test";
import { spinCalls } from "../../src/ffi/spin-calls.ts";
import { scratchMemory } from "../../src/socket/spin-memory.ts";
import { SpinSocket } from "../../src/socket/spin-socket.ts";
import { until } from "../helpers/wait.ts";
import { connectedDescriptor } from "./spin-support.ts";

const calls = spinCalls();
if (calls === null) throw new Error("this platform has no libc that is known here");
const ENDPOINTS = { localAddress: "", localPort: 0, remoteAddress: "", remotePort: 0 };

test("bytes come and go at once or not at all", async () => {
  await using end = await connectedDescriptor();
  const socket = new SpinSocket(calls, end.release(), ENDPOINTS);
  const { bytes, address } = scratchMemory(64);
  expect(socket.receive(address, 64)).toBe(0);
  expect(socket.write(new Uint8Array([0, 1, 2, 3]), 1, 2)).toBe(2);
  expect(await end.received(2)).toEqual([1, 2]);
  end.send(new Uint8Array([7, 7, 7]));
  socket.wait(false, 1000);
  expect(socket.receive(address + 1, 2)).toBe(2);
  expect(socket.receive(address + 3, 60)).toBe(1);
  expect([...bytes.subarray(0, 5)]).toEqual([0, 7, 7, 7, 0]);
  socket.shutdown();
  end.end();
  socket.wait(false, 1000);
  expect([socket.receive(address, 64), socket.fault]).toEqual([-1, null]);
  socket.close();
  expect(await end.closed()).toBeNull();
});

test("a kernel that is full takes part, and a small array is written from where it lies", async () => {
  await using end = await connectedDescriptor();
  const socket = new SpinSocket(calls, end.release(), ENDPOINTS);
  const large = new Uint8Array(32 << 20);
  const taken = socket.write(large, 0, large.length);
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(large.length);
  expect(socket.write(new Uint8Array([1]), 0, 1)).toBe(0);
  socket.terminate();
  expect(socket.write(large, 0, 1)).toBe(-1);
  expect(await end.closed()).toBe("ECONNRESET");
});

test("a reset is told once by the kernel and stays told", async () => {
  await using end = await connectedDescriptor();
  const socket = new SpinSocket(calls, end.release(), ENDPOINTS);
  const { address } = scratchMemory(8);
  end.reset();
  await until(() => socket.write(new Uint8Array(1), 0, 1) < 0);
  expect(socket.fault?.code).toBe("CONNECTION_RESET");
  expect(socket.receive(address, 8)).toBe(-1);
  expect(socket.fault?.code).toBe("CONNECTION_RESET");
  socket.terminate();
  socket.terminate();
  socket.close();
  expect(socket.closed).toBe(true);
});
