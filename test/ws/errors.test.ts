import { describe, expect, test } from "bun:test";
import { NexusError } from "../../src/codec/errors.ts";
import { HandshakeError, WsClosedError } from "../../src/ws/errors.ts";

describe("HandshakeError", () => {
  test("carries what the server answered, and the cause beneath", () => {
    const cause = new Error("reset");
    const headers = [["Retry-After", "5"]] as const;
    const error = new HandshakeError(
      { open: false, code: "HANDSHAKE_REFUSED", reason: "status 429", status: 429, headers, body: "slow down" },
      { cause },
    );
    expect(error).toBeInstanceOf(NexusError);
    expect(error).toMatchObject({
      name: "HandshakeError",
      code: "HANDSHAKE_REFUSED",
      status: 429,
      headers,
      body: "slow down",
      cause,
    });
    expect(error.message).toBe("Cannot open WebSocket: status 429");
  });
});

describe("WsClosedError", () => {
  test("is named and coded", () => {
    const error = new WsClosedError("WS_NOT_OPEN", "Cannot send: the WebSocket is closed");
    expect(error).toBeInstanceOf(NexusError);
    expect(error).toMatchObject({ name: "WsClosedError", code: "WS_NOT_OPEN" });
  });
});
