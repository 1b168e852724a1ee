import { expect, spyOn, test } from "bun:test";
import { TransportError } from "../../src/socket/errors.ts";
import { QuietLine } from "../../src/socket/quiet-line.ts";
import { ScriptedTransport } from "../helpers/scripted-transport.ts";
import { turn } from "../helpers/wait.ts";
import { Recorder } from "./support.ts";

/** A line, its transport, what it told, and `during`, which the next write does before it returns. */
function quietLine(endWaits = true): {
  line: QuietLine;
  wire: ScriptedTransport;
  told: Recorder;
  during: (act: () => void) => void;
} {
  const wire = new ScriptedTransport();
  const line = new QuietLine(wire, endWaits);
  const told = new Recorder();
  line.attach(told);
  const write = wire.write.bind(wire);
  const during = (act: () => void): void => {
    wire.write = (bytes, offset, length) => {
      wire.write = write;
      const taken = write(bytes, offset, length);
      act();
      return taken;
    };
  };
  return { line, wire, told, during };
}

const bytes = Buffer.from("some bytes");
const write = (line: QuietLine): number => line.write(bytes, 0, bytes.length);

test("what is told while nobody writes is told at once", () => {
  const { line, wire, told } = quietLine();
  expect(write(line)).toBe(bytes.length);
  wire.deliver(Buffer.from("x"));
  wire.drain();
  expect([told.events, told.drains]).toEqual([["bytes"], 1]);
  wire.end();
  wire.close(null);
  expect(told.events).toEqual(["bytes", "end", "close"]);
});

test("what is told within a write is told behind it, in order, and so is what comes before that", async () => {
  const { line, wire, told, during } = quietLine();
  during(() => {
    wire.deliver(Buffer.from("a"));
    wire.drain();
  });
  write(line);
  wire.deliver(Buffer.from("b"));
  wire.end();
  wire.close(new TransportError("CONNECTION_RESET", "reset"));
  expect(told.events).toEqual([]);
  await turn();
  expect([told.text, told.drains, told.events]).toEqual(["ab", 1, ["bytes", "end", "close"]]);
  expect(told.error).toMatchObject({ code: "CONNECTION_RESET" });
});

test("the end alone does not wait where it is not to, but overtakes nothing", async () => {
  for (const [bytesBefore, events] of [
    [false, ["close"]],
    [true, []],
  ] as const) {
    const { line, wire, told, during } = quietLine(false);
    let within: string[] = [];
    during(() => {
      if (bytesBefore) wire.deliver(Buffer.from("x"));
      wire.close(null);
      within = [...told.events];
    });
    write(line);
    expect(within).toEqual([...events]);
    await turn();
    expect(told.events).toEqual(bytesBefore ? ["bytes", "close"] : ["close"]);
  }
});

test("a write that throws leaves the line as it was", () => {
  const { line, wire, told } = quietLine();
  wire.write = () => {
    throw new Error("the transport's own");
  };
  expect(() => write(line)).toThrow("the transport's own");
  wire.deliver(Buffer.from("x"));
  expect(told.text).toBe("x");
});

test("a handler that throws at what was put off ends the connection; once that is gone, the console is told", async () => {
  const report = spyOn(console, "error").mockImplementation(() => {});
  try {
    for (const closes of [false, true]) {
      const { line, wire, told, during } = quietLine();
      const fault = new Error("the handler's own");
      told.onBytes = () => {
        if (closes) wire.terminate();
        throw fault;
      };
      during(() => wire.deliver(Buffer.from("x")));
      write(line);
      await turn();
      expect([wire.calls, told.events]).toEqual([["terminate"], ["close"]]);
      if (!closes) expect(told.error).toMatchObject({ code: "CONNECTION_HANDLER_THREW", cause: fault });
      expect(report.mock.calls).toEqual(closes ? [[fault]] : []);
    }
  } finally {
    report.mockRestore();
  }
});

test("an end behind a refused write is a reset", async () => {
  for (const within of [false, true]) {
    const { line, wire, told } = quietLine();
    wire.write = () => {
      if (within) wire.end();
      return -1;
    };
    expect(write(line)).toBe(-1);
    wire.deliver(Buffer.from("what came before it"));
    if (!within) wire.end();
    await turn();
    // An end within the write came before it was refused.
    expect(told.events).toEqual(within ? ["end", "bytes"] : ["bytes", "close"]);
    if (within) continue;
    expect(told.error).toMatchObject({ code: "CONNECTION_RESET" });
    expect(wire.calls).toEqual(["terminate"]);
  }
});
