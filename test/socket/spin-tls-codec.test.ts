import { expect, test } from "bun:test";
import { scratchMemory } from "../../src/socket/spin-memory.ts";
import { TlsCodec } from "../../src/socket/spin-tls-codec.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { testTls } from "../helpers/peer-server.ts";

const { bytes, address } = scratchMemory(4096);

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
