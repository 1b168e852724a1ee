import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";

/** What the script says with `NEXUS_DEBUG` at that value. */
async function borrowTooLong(debug: string): Promise<Record<string, string>> {
  const script = fileURLToPath(new URL("./children/borrow-too-long.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, script], {
    env: { ...process.env, NEXUS_DEBUG: debug },
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = await child.stdout.text();
  expect(await child.exited).toBe(0);
  return JSON.parse(output);
}

const IN_TIME = {
  "before the next recv": "text,3,3,3,text,1005,",
  "while more arrives": "text,3,3,3,text,1005,",
  owned: '{"kind":"text","text":"one"}',
  "a ping that was answered": "ping,0,0,0,ping,1005,",
  "the end of what there is": "null",
  pongs: "pong",
  "in the handler 1": "text,3,3,3,text,1005,",
  "in the handler 2": "text,3,3,3,text,1005,",
};

test("with NEXUS_DEBUG=1 a message that is read too late throws MESSAGE_EXPIRED, and in time it does not", async () => {
  const said = await borrowTooLong("1");
  const { "a large one": large, "in the handler 3": chunk, ...rest } = said;
  expect(large).toStartWith("binary,300000,300000,");
  expect(chunk).toStartWith("binary,5000,5000,");
  expect(rest).toEqual({
    ...IN_TIME,
    "after the next recv": "MESSAGE_EXPIRED",
    "after the next tryRecv": "MESSAGE_EXPIRED",
    "a large one, after the next": "MESSAGE_EXPIRED",
    "a ping, too late": "MESSAGE_EXPIRED",
    "in the next handler": "MESSAGE_EXPIRED",
    "after the handler 1": "MESSAGE_EXPIRED",
    "after the handler 2": "MESSAGE_EXPIRED",
    "after the handler 3": "MESSAGE_EXPIRED",
  });
});

test("without it nothing is checked, and what is read in time is the same", async () => {
  const said = await borrowTooLong("");
  expect(said).toMatchObject(IN_TIME);
  expect(Object.values(said)).not.toContain("MESSAGE_EXPIRED");
});
