import { expect, test } from "bun:test";
import { memoryAt, scratchMemory } from "../../src/socket/spin-memory.ts";
import { TlsCodec } from "../../src/socket/spin-tls-codec.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { identity } from "../helpers/certificates.ts";
import { testTls } from "../helpers/peer-server.ts";
import { turnUntil } from "../helpers/wait.ts";

const { bytes, address } = scratchMemory(4096);
const sealed = scratchMemory(64 << 10);

test("ciphertext comes out until the peer must speak, and what is no TLS ends it", () => {
  const codec = new TlsCodec(testTls(), "localhost", false);
  expect([codec.handshake(), codec.wantsWrite]).toEqual([0, true]);
  expect(codec.writeTls(address, 5)).toBe(5);
  expect([...bytes.subarray(0, 3)]).toEqual([22, 3, 1]);
  const rest = codec.writeTls(address, bytes.length);
  expect(rest).toBeGreaterThan(100);
  expect([codec.wantsWrite, codec.plaintext(address, 10), codec.encrypt(address, 10)]).toEqual([false, 0, 0]);
  bytes.set(new TextEncoder().encode("no TLS at all"));
  codec.readTls(address, 13);
  expect(codec.holds).toBe(true);
  expect([codec.handshake(), codec.reason() === "", codec.verification]).toEqual([-1, false, null]);
  codec.free();
  codec.free();
  expect(codec.holds).toBe(false);
});

test("a name that cannot be verified is refused", () => {
  expect(() => new TlsCodec(new TlsConfig({ rejectUnauthorized: false }), "no address", true)).toThrow(
    /^Cannot use TLS options: OpenSSL refuses them: /,
  );
});

const TEXT = "ciphertext that is read where it lies ".repeat(1_000);

test.each([
  ["whole", (chunk: Uint8Array) => [chunk], true],
  ["in pieces, each read before the next is lent", inPieces, true],
  ["in pieces, all lent before one is read", inPieces, false],
] as const)("an echo through a codec without a socket: %s", async (_name, cut, asksBetween) => {
  using listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    tls: identity("localhost"),
    socket: { data: (socket, chunk) => void socket.write(chunk) },
  });
  const came: Uint8Array[] = [];
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: listener.port,
    socket: { binaryType: "uint8array", data: (_socket, chunk) => void came.push(chunk) },
  });
  const codec = new TlsCodec(testTls(), "localhost", false);
  const text = memoryAt(new TextEncoder().encode(TEXT.slice(0, 16_000)));
  const decoder = new TextDecoder();
  let echo = "";
  let open = false;
  const ask = (): void => {
    if (!open) open = codec.handshake() > 0;
    for (let count = codec.plaintext(address, bytes.length); open && count > 0; ) {
      echo += decoder.decode(bytes.subarray(0, count), { stream: true });
      count = codec.plaintext(address, bytes.length);
    }
  };
  const send = (): void => {
    while (codec.wantsWrite) socket.write(sealed.bytes, 0, codec.writeTls(sealed.address, sealed.bytes.length));
  };
  const feed = (): void => {
    const lent = came.splice(0).flatMap((chunk) => cut(chunk).map((piece) => memoryAt(piece)));
    for (const piece of lent) {
      codec.readTls(piece.address, piece.bytes.length);
      if (asksBetween) ask();
    }
    ask();
    send();
  };
  codec.handshake();
  send();
  await turnUntil("the handshake", () => open, feed);
  expect(codec.encrypt(text.address, text.bytes.length)).toBe(text.bytes.length);
  send();
  await turnUntil("the echo", () => echo.length >= text.bytes.length, feed);
  expect(echo).toBe(TEXT.slice(0, 16_000));
  expect(codec.holds).toBe(false);
  codec.free();
  socket.terminate();
});

/** Copies: 1 byte, then more and more. */
function inPieces(chunk: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < chunk.length; ) {
    const end = start + 1 + pieces.length * 7;
    pieces.push(chunk.slice(start, end));
    start = end;
  }
  return pieces;
}
