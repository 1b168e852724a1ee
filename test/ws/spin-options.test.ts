import { expect, test } from "bun:test";
import { spinWsSettings } from "../../src/ws/spin-options.ts";

test("options are those of the event backend, and how the thread waits", () => {
  const { ws, wait } = spinWsSettings({ wait: "poll", maxReadSize: 100, timestamps: true, closeTimeout: 7 });
  expect(wait).toEqual({ spinFor: 0, maxReadSize: 100, timestamps: true });
  expect([ws.closeTimeout, ws.autoPong, ws.deflate, ws.proxy]).toEqual([7, true, null, null]);
  expect(spinWsSettings({ wait: "spin" }).wait.spinFor).toBe(Number.POSITIVE_INFINITY);
});

test("a proxy that is given all the same is not forgotten", () => {
  const options = { wait: "spin", proxy: "http://127.0.0.1:1" } as const;
  expect(spinWsSettings(options).ws.proxy).toBe("http://127.0.0.1:1");
});
