import { expect, test } from "bun:test";
import { poolSettings } from "../../src/pool/options.ts";
import { Pipe } from "../../src/pool/pipe.ts";
import { Retries } from "../../src/pool/retries.ts";
import { Upkeep } from "../../src/pool/upkeep.ts";
import { until } from "../helpers/wait.ts";
import { ok, TestServer } from "./support.ts";

/** A pipe whose connection has carried a warm-up. It is asked to tell of its next use while nobody looks for what expires. */
async function connected(server: TestServer): Promise<{ pipe: Pipe; upkeep: Upkeep }> {
  const options = { url: server.url, warmUp: "/" };
  const settings = poolSettings(options);
  const pipe = new Pipe(0, { ready() {}, died() {}, failed() {} }, options, settings, new Retries());
  await pipe.open(undefined);
  return { pipe, upkeep: new Upkeep([pipe], settings, () => null) };
}

test("while no Keep-Alive runs nobody looks, until the connection is used or made anew", async () => {
  using server = new TestServer();
  const { pipe, upkeep } = await connected(server);
  await until(() => pipe.onUse !== null);
  pipe.take();
  expect(pipe.onUse).toBeNull();
  await until(() => pipe.onUse !== null);
  pipe.drop();
  await pipe.open(undefined);
  expect(pipe.onUse).toBeNull();
  await until(() => pipe.onUse !== null);
  upkeep.stop();
  expect(pipe.onUse).toBeNull();
  pipe.close();
});

test("while one runs somebody does, and ends the connection in time", async () => {
  using server = new TestServer({ answer: ({ target }) => ok(target, "Keep-Alive: timeout=1\r\n") });
  const { pipe, upkeep } = await connected(server);
  expect(pipe.mayExpire).toBe(true);
  // Nobody else asks for it: to look is what ends it.
  await until(() => pipe.connection?.state === "closed");
  expect(pipe.mayExpire).toBe(false);
  await until(() => pipe.onUse !== null);
  upkeep.stop();
  pipe.close();
});

test("a request under way may bring one", async () => {
  let held = false;
  using server = new TestServer({ answer: ({ target }) => (held ? null : ok(target)) });
  const { pipe, upkeep } = await connected(server);
  await until(() => pipe.onUse !== null);
  held = true;
  pipe.take();
  const answer = pipe.connection?.send(pipe.writer.get("/held").finish(), pipe.reader);
  await until(() => server.targets.includes("/held"));
  expect(pipe.mayExpire).toBe(true);
  server.open[0]?.send(ok("", "Keep-Alive: timeout=1\r\n"));
  await answer;
  await until(() => pipe.connection?.state === "closed");
  upkeep.stop();
  pipe.close();
});
