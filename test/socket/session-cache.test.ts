import { expect, test } from "bun:test";
import { MAX_SESSIONS, SessionCache } from "../../src/socket/session-cache.ts";

test("a session is found under its key alone", () => {
  const cache = new SessionCache();
  cache.remember("a", Uint8Array.of(1));
  expect(cache.recall("a")).toEqual(Uint8Array.of(1));
  expect(cache.recall("b")).toBeNull();
  cache.remember("a", Uint8Array.of(2));
  expect(cache.recall("a")).toEqual(Uint8Array.of(2));
  expect(cache.size).toBe(1);
  cache.forget("a");
  expect(cache.recall("a")).toBeNull();
});

test("its size is bounded, and the least recently used goes first", () => {
  const cache = new SessionCache();
  for (let i = 0; i < MAX_SESSIONS; i += 1) cache.remember(`host-${i}`, Uint8Array.of(i));
  cache.recall("host-0");
  cache.remember("one more", Uint8Array.of(1));
  expect(cache.size).toBe(MAX_SESSIONS);
  expect(cache.recall("host-0")).not.toBeNull();
  expect(cache.recall("host-1")).toBeNull();
});
