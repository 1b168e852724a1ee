import { describe, expect, test } from "bun:test";
import {
  NexusError,
  PROTOCOL_FAULTS,
  ProtocolError,
  type ProtocolFault,
  TimeoutError,
  UsageError,
} from "../../src/codec/errors.ts";
import { isSendableCloseCode } from "../../src/codec/ws/close-code.ts";

test("each error is an Error and a NexusError, has its class's name, its code and its cause", () => {
  const cause = new Error("beneath");
  const errors = [
    new NexusError("SOME_CODE", "Cannot do: a reason", { cause }),
    new UsageError("SOME_CODE", "Cannot do: a reason", { cause }),
    new TimeoutError("SOME_CODE", "Cannot do: a reason", 250, "tls", { cause }),
  ];
  for (const error of errors) {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(NexusError);
    expect(error).toMatchObject({
      name: error.constructor.name,
      code: "SOME_CODE",
      message: "Cannot do: a reason",
      cause,
    });
    expect(error.stack).toContain("errors.test");
  }
  expect(errors[2]).toMatchObject({ timeout: 250, phase: "tls" });
});

test("without a cause there is none", () => {
  expect("cause" in new UsageError("SOME_CODE", "Cannot do")).toBe(false);
});

describe("ProtocolError", () => {
  const faults = Object.entries(PROTOCOL_FAULTS) as [ProtocolFault, { closeCode: number; sentence: string }][];

  test("says what the peer did, with the numbers where there are some", () => {
    expect(new ProtocolError("WS_RESERVED_OPCODE", "opcode 3").message).toBe(
      "Cannot read: the opcode is reserved: opcode 3",
    );
    expect(new ProtocolError("WS_RESERVED_OPCODE", "").message).toBe("Cannot read: the opcode is reserved");
  });

  for (const [code, { closeCode, sentence }] of faults) {
    test(code, () => {
      const error = new ProtocolError(code, "");
      expect(error).toMatchObject({ name: "ProtocolError", code, closeCode, fault: "peer" });
      expect(error).toBeInstanceOf(NexusError);
      expect(sentence).toMatch(/^[a-z].*[^.]$/);
      // What a WebSocket fails for can be told the peer; HTTP has no close codes.
      expect(isSendableCloseCode(closeCode)).toBe(code.startsWith("WS_"));
      expect(closeCode === 0).toBe(code.startsWith("HTTP_"));
    });
  }
});
