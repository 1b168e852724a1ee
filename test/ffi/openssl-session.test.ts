import { expect, test } from "bun:test";
import { type OpenSsl, openSsl } from "../../src/ffi/openssl.ts";
import { SslSession } from "../../src/ffi/openssl-session.ts";
import { addressOf } from "../../src/ffi/spin-calls.ts";

const library = openSsl() as OpenSsl;
const context = library.context({
  authorities: [],
  certificate: null,
  key: null,
  passphrase: null,
  alpn: new Uint8Array([2, 104, 50]),
  minVersion: 0x0303,
  verify: true,
});
const bytes = new Uint8Array(new ArrayBuffer(4096));
const address = addressOf(bytes);
const found = (name: string, length: number): boolean => Buffer.from(bytes.subarray(0, length)).includes(name);

test("a client speaks first, names the host, and takes no plaintext before it is done", () => {
  const session = new SslSession(library, context, "venue.example", false);
  expect([session.handshake(), session.wantsWrite, session.holds]).toEqual([0, true, false]);
  expect(session.encrypt(address, 10)).toBe(0);
  const length = session.writeTls(address, bytes.length);
  expect(bytes[0]).toBe(22);
  expect(found("venue.example", length)).toBe(true);
  expect([session.writeTls(address, 10), session.wantsWrite, session.plaintext(address, 10)]).toEqual([0, false, 0]);
  expect([session.verifyResult, session.alpn]).toEqual([0, null]);
  session.free();
});

test("an IP address is verified and not named", () => {
  const session = new SslSession(library, context, "127.0.0.1", true);
  session.handshake();
  expect(found("127.0.0.1", session.writeTls(address, bytes.length))).toBe(false);
  session.free();
  expect(() => new SslSession(library, context, "no address", true)).toThrow();
});

test("what is no TLS is a fault with a reason, which is told once", () => {
  const session = new SslSession(library, context, "venue.example", false);
  session.handshake();
  const text = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n");
  bytes.set(text);
  session.readTls(address, text.length);
  expect(session.holds).toBe(true);
  expect(session.handshake()).toBe(-1);
  expect(session.reason()).not.toBe("");
  expect(session.reason()).toBe("");
  expect(session.verifyText(10)).toBe("certificate has expired");
  session.shutdown();
  session.free();
});
