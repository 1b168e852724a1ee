import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type OpenSsl, openSsl, type SslSettings, zeroTerminated } from "../../src/ffi/openssl.ts";
import { testPath } from "../helpers/certificates.ts";

const library = openSsl() as OpenSsl;
const pem = (name: string): string => readFileSync(testPath(name), "utf8");
const PLAIN: SslSettings = {
  authorities: [],
  certificate: null,
  key: null,
  passphrase: null,
  alpn: null,
  minVersion: 0x0303,
  verify: true,
};

test("it is OpenSSL 3 or later, opened once", () => {
  expect(library.version).toBeGreaterThanOrEqual(0x30000000);
  expect(openSsl()).toBe(library);
});

test("a context takes roots, an identity with its passphrase, and ALPN", () => {
  const settings = {
    ...PLAIN,
    authorities: [pem("ca.crt"), pem("ca.crt"), pem("self-signed.crt")],
    certificate: pem("client.crt") + pem("ca.crt"),
    key: pem("client-encrypted.key"),
    passphrase: "test",
    alpn: new Uint8Array([2, 104, 50]),
  };
  expect(library.context(settings)).toBeGreaterThan(0);
  expect(library.reason()).toBe("");
});

test("what it refuses it gives a reason for", () => {
  const certificate = pem("client.crt");
  const cases: Partial<SslSettings>[] = [
    { certificate, key: pem("client-encrypted.key"), passphrase: "wrong" },
    { certificate, key: pem("localhost.key") },
    { certificate, key: "no key" },
    { alpn: new Uint8Array([9, 1]) },
  ];
  for (const settings of cases) expect(() => library.context({ ...PLAIN, ...settings })).toThrow();
});

test("text is as C has it", () => {
  expect([...zeroTerminated("aé")]).toEqual([0x61, 0xc3, 0xa9, 0]);
});
