import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { ConnectClock } from "../../src/socket/connect-clock.ts";

let time = 0;
let clock: ReturnType<typeof spyOn<typeof performance, "now">>;

beforeEach(() => {
  time = 100;
  clock = spyOn(performance, "now").mockImplementation(() => time);
});

afterEach(() => clock.mockRestore());

test("a phase lasts until the next begins; in whole nanoseconds", () => {
  const it = new ConnectClock();
  time += 1;
  it.enter("dns");
  time += 2.000_000_5;
  it.enter("tcp");
  time += 4;
  it.enter("tls");
  time += 8;
  it.enter("handshake");
  time += 16;
  expect(it.end()).toEqual({
    dns: 2_000_000,
    tcp: 4_000_000,
    proxy: null,
    tls: 8_000_000,
    upgrade: 16_000_000,
    total: 31_000_000,
  });
});

test("a phase that is entered again adds up; one that is not is null", () => {
  const it = new ConnectClock();
  it.enter("proxy");
  time += 1;
  it.enter("proxy");
  time += 2;
  expect(it.end()).toEqual({ dns: null, tcp: null, proxy: 3_000_000, tls: null, upgrade: null, total: 3_000_000 });
});
