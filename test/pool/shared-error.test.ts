import { describe, expect, test } from "bun:test";
import { NexusError, ProtocolError, TimeoutError, UsageError } from "../../src/codec/errors.ts";
import { RequestError } from "../../src/http/errors.ts";
import { PoolError } from "../../src/pool/errors.ts";
import { errorBytes, errorOf } from "../../src/pool/shared-error.ts";

function across(error: unknown, most = 32 << 10): Error {
  return errorOf(new TextDecoder().decode(errorBytes(error, most)));
}

const deep = new RequestError(
  "REQUEST_BAD_RESPONSE",
  "Cannot finish request: é",
  "response-started",
  48,
  new ProtocolError("HTTP_STATUS_LINE", '"x"', { cause: new TimeoutError("T", "late", 30, "request") }),
);

describe("an error on its way to another thread", () => {
  test.each([
    new RequestError("REQUEST_CONNECTION_LOST", "Cannot finish request: it ended", "sent", 9),
    new PoolError("POOL_CLOSED", "Cannot acquire slot: the pool is closed"),
    new TimeoutError("REQUEST_TIMEOUT", "Cannot finish request: 30 ms ran out", 30, "request"),
    new ProtocolError("HTTP_STATUS_LINE", '"SMTP"'),
    new ProtocolError("HTTP_UPGRADE_UNEXPECTED", ""),
    new TypeError("what"),
  ] as Error[])("is what it was: %s", (error) => {
    const same = across(error);
    expect(same).toMatchObject({ ...error, name: error.name, message: error.message });
    if (error instanceof NexusError) expect(same).toBeInstanceOf(error.constructor);
  });

  test("keeps its causes", () => {
    const same = across(deep);
    expect(same).toMatchObject({ code: deep.code, message: deep.message, progress: deep.progress, bytesSent: 48 });
    expect(same.cause).toBeInstanceOf(ProtocolError);
    expect((same.cause as Error).cause).toMatchObject({ code: "T", message: "late", timeout: 30, phase: "request" });
  });

  test("of another class keeps name and code", () => {
    const same = across(new UsageError("REQUEST_UNDER_WAY", "Cannot send"));
    expect(same).toBeInstanceOf(NexusError);
    expect([same.name, (same as NexusError).code]).toEqual(["UsageError", "REQUEST_UNDER_WAY"]);
    expect(across("thrown").message).toBe("thrown");
  });

  test("fits in any memory that a pool can have, the causes and the message cut where it must be", () => {
    const long = new RequestError("REQUEST_BAD_RESPONSE", "é".repeat(5_000), "sent", 1, deep);
    for (const most of [256, 300, 400, 800, 1_600, 3_200, 6_400]) {
      expect(errorBytes(long, most).length).toBeLessThanOrEqual(most);
      expect(across(long, most)).toMatchObject({ code: "REQUEST_BAD_RESPONSE", progress: "sent", bytesSent: 1 });
    }
  });
});
