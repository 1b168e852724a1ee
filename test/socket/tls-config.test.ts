import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { TlsConfigError } from "../../src/socket/errors.ts";
import { TlsConfig, type TlsOptions, tlsInternals } from "../../src/socket/tls-config.ts";
import { testPath } from "../helpers/certificates.ts";

const text = (name: string): string => readFileSync(testPath(name), "utf8");

function refusal(options: unknown): TlsConfigError {
  try {
    new TlsConfig(options as TlsOptions);
  } catch (error) {
    if (error instanceof TlsConfigError) return error;
    throw error;
  }
  throw new Error("accepted where it was to be refused");
}

test("nothing is needed for a public venue", () => {
  const config = new TlsConfig();
  expect(config).toMatchObject({
    serverName: null,
    alpn: [],
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    resume: true,
  });
  expect(tlsInternals.options(config, "exchange.example")).toEqual({
    serverName: "exchange.example",
    rejectUnauthorized: true,
    minVersion: 0x0303,
  } as object);
});

test("certificates and keys may be paths, PEM text or bytes", () => {
  const expected = { cert: text("client.crt"), key: text("client.key"), ca: [text("ca.crt")] };
  for (const options of [
    { ca: testPath("ca.crt"), cert: testPath("client.crt"), key: testPath("client.key") },
    { ca: text("ca.crt"), cert: text("client.crt"), key: text("client.key") },
    {
      ca: [readFileSync(testPath("ca.crt"))],
      cert: readFileSync(testPath("client.crt")),
      key: readFileSync(testPath("client.key")),
    },
  ]) {
    expect(tlsInternals.options(new TlsConfig(options), "x")).toMatchObject(expected);
  }
});

test("ca replaces the public roots, unless they are wanted too", () => {
  const only = tlsInternals.options(new TlsConfig({ ca: testPath("ca.crt") }), "x").ca as string[];
  const both = tlsInternals.options(new TlsConfig({ ca: testPath("ca.crt"), systemRoots: true }), "x").ca as string[];
  expect(only).toEqual([text("ca.crt")]);
  expect(both.length).toBeGreaterThan(100);
  expect(both).toContain(text("ca.crt"));
});

test("ALPN goes on the wire as RFC 7301 has it", () => {
  const options = tlsInternals.options(new TlsConfig({ alpn: ["h2", "http/1.1"] }), "x");
  expect(options.ALPNProtocols).toEqual(Uint8Array.of(2, 104, 50, 8, 104, 116, 116, 112, 47, 49, 46, 49));
});

test("an encrypted key opens with its passphrase only", () => {
  const pair = { cert: testPath("client.crt"), key: testPath("client-encrypted.key") };
  expect(() => new TlsConfig({ ...pair, passphrase: "test" })).not.toThrow();
  expect(refusal(pair)).toMatchObject({
    code: "TLS_BAD_KEY",
    field: "key",
    message: "Cannot use TLS option key: it is encrypted and passphrase is not given",
  });
  expect(refusal({ ...pair, passphrase: "wrong" })).toMatchObject({ code: "TLS_BAD_KEY", field: "key" });
});

test("a key of another certificate is refused by name, at once", () => {
  expect(refusal({ cert: testPath("client.crt"), key: testPath("localhost.key") })).toMatchObject({
    code: "TLS_KEY_MISMATCH",
    field: "key",
    message: "Cannot use TLS option key: it is not the key of the certificate for CN=client.example",
  });
});

test("a certificate in a chain that does not parse is counted", () => {
  const broken = text("ca.crt").replace(/[A-Za-z0-9+/]{20}/, "!".repeat(20));
  expect(refusal({ ca: text("localhost.crt") + broken })).toMatchObject({
    code: "TLS_BAD_CERTIFICATE",
    field: "ca",
    message: "Cannot use TLS option ca: certificate 2 of 2 does not parse",
  });
});

test("a key that is not read is not shown, nor by its cause", () => {
  const key = "MC4CAQAwBQYDK2VwBCIEIC5VwzQ0n3T1hQ8hV3gZ5o2Zs0yT8o0a0J2m8Yk0f0aB";
  const error = refusal({ cert: testPath("client.crt"), key });
  expect(error).toMatchObject({ code: "TLS_FILE_UNREADABLE", field: "key" });
  expect(error.message).toContain(
    `the text given, of ${key.length} characters, is neither PEM text nor a readable file`,
  );
  expect(inspect(error, { depth: 9 })).not.toContain(key);
});

const REFUSED: readonly [code: string, field: string, options: unknown][] = [
  ["TLS_FILE_UNREADABLE", "ca", { ca: "/no/such/file.pem" }],
  ["TLS_FILE_UNREADABLE", "cert", { cert: "/no/such/file.pem", key: testPath("client.key") }],
  ["TLS_FILE_UNREADABLE", "key", { cert: testPath("client.crt"), key: "/no/such/file.pem" }],
  ["TLS_BAD_CERTIFICATE", "ca", { ca: testPath("localhost.key") }],
  ["TLS_BAD_CERTIFICATE", "ca", { ca: new Uint8Array(10) }],
  ["TLS_BAD_CERTIFICATE", "cert", { cert: testPath("client.key"), key: testPath("client.key") }],
  ["TLS_BAD_KEY", "key", { cert: testPath("client.crt"), key: testPath("client.crt") }],
  ["TLS_BAD_OPTION", "key", { cert: testPath("client.crt") }],
  ["TLS_BAD_OPTION", "cert", { key: testPath("client.key") }],
  ["TLS_BAD_OPTION", "ca", { ca: 7 }],
  ["TLS_BAD_OPTION", "systemRoots", { systemRoots: false }],
  ["TLS_BAD_OPTION", "serverName", { serverName: "" }],
  ["TLS_BAD_OPTION", "alpn", { alpn: [""] }],
  ["TLS_BAD_OPTION", "alpn", { alpn: ["x".repeat(256)] }],
  ["TLS_BAD_OPTION", "minVersion", { minVersion: "TLSv1.1" }],
  ["TLS_BAD_OPTION", "rejectUnauthorized", { rejectUnauthorized: 0 }],
  ["TLS_BAD_OPTION", "resume", { resume: "no" }],
];

test.each(REFUSED)("%s for %s", (code, field, options) => {
  const error = refusal(options);
  expect([error.code, error.field]).toEqual([code, field] as never);
  expect(error.message).toContain(`TLS option ${field}:`);
});

test("it is frozen", () => {
  const config = new TlsConfig({ alpn: ["http/1.1"] });
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.alpn)).toBe(true);
});
