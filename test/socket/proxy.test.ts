import { describe, expect, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { defaultTls } from "../../src/socket/default-tls.ts";
import { checkProxy, checkTunnelTarget, type ProxyOptions } from "../../src/socket/proxy.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";

const PLAIN = { tls: null, headers: [], login: null };

describe("a proxy's URL", () => {
  test.each([
    ["http://proxy.example", { kind: "http", hostname: "proxy.example", port: 80, where: "proxy.example:80" }],
    [
      "http://proxy.example:3128/",
      { kind: "http", hostname: "proxy.example", port: 3128, where: "proxy.example:3128" },
    ],
    ["http://[::1]:3128", { kind: "http", hostname: "[::1]", port: 3128, where: "[::1]:3128" }],
    ["socks5://10.0.0.1", { kind: "socks5", hostname: "10.0.0.1", port: 1080, where: "10.0.0.1:1080" }],
    ["socks5h://h:9050", { kind: "socks5", hostname: "h", port: 9050, where: "h:9050" }],
    ["socks5://[2001:db8::1]:9", { kind: "socks5", hostname: "[2001:db8::1]", port: 9, where: "[2001:db8::1]:9" }],
  ] as const)("%s", (url, expected) => {
    for (const option of [url, { url }, { url: new URL(url) }]) {
      expect(checkProxy(option)).toEqual({ ...PLAIN, ...expected });
    }
  });

  test("https: means TLS to the proxy, by the config given or by the default", () => {
    const tls = new TlsConfig();
    expect(checkProxy({ url: "https://proxy.example", tls })).toMatchObject({ kind: "http", port: 443 });
    expect(checkProxy({ url: "https://proxy.example", tls }).tls).toBe(tls);
    expect(checkProxy("https://proxy.example:8443").tls).toBe(defaultTls());
  });

  test.each([
    ["", "its url is not a URL"],
    ["proxy.example", "its url is not a URL"],
    ["proxy.example:3128", "scheme"],
    ["secret:word@proxy.example:3128", "scheme"],
    ["socks4://h:1080", "scheme"],
    ["socks://h:1080", "scheme"],
    ["ws://h:1080", "scheme"],
    ["http://", "not a URL"],
    ["socks5://", "no host"],
    ["socks5://:1080", "not a URL"],
    ["socks5:proxy.example:1080", "no host"],
    ["socks5://a%0d%0ab", "no host"],
    ["socks5://a!b", "no host"],
    ["http://h:0", "port"],
    ["http://h:65536", "not a URL"],
    ["http://h/path", "more than"],
    ["http://h/?query", "more than"],
    ["http://h/#part", "more than"],
    ["socks5://h/path", "more than"],
    ["http://secret%ff@h", "percent-encoded"],
    ["socks5://u:%zz@h", "percent-encoded"],
  ])("%p is PROXY_INVALID: %s", (url, said) => {
    const error = refusal(url);
    expect(error.code).toBe("PROXY_INVALID");
    expect(error.message).toContain(said);
    expect(error.message).not.toContain("secret");
  });
});

describe("user name and password", () => {
  test("are decoded, and become Basic authorization for HTTP", () => {
    const [field] = checkProxy("http://us%40er:p%3Aw%C3%A9@h").headers;
    expect(field).toEqual(["Proxy-Authorization", `Basic ${Buffer.from("us@er:p:wé").toString("base64")}`]);
    expect(checkProxy("http://user@h").headers).toEqual([
      ["Proxy-Authorization", `Basic ${Buffer.from("user:").toString("base64")}`],
    ]);
  });

  test("are bytes for SOCKS5, 1 to 255 of each", () => {
    const { login } = checkProxy("socks5://us%40er:p%C3%A9@h");
    expect([String(login?.user), String(login?.password)]).toEqual(["us@er", "pé"]);
    expect(checkProxy(`socks5://${"u".repeat(255)}:${"p".repeat(255)}@h`).login?.user.length).toBe(255);
    for (const part of ["secret", ":secret", `${"s".repeat(256)}:p`, `u:${"%C3%A9".repeat(128)}`]) {
      const error = refusal(`socks5://${part}@h`);
      expect([error.code, error.message.includes("secret")]).toEqual(["PROXY_INVALID", false]);
    }
  });

  test("a colon in the user name cannot be told by Basic", () => {
    expect(refusal("http://us%3Aer:p@h").message).toContain("colon");
    expect(String(checkProxy("socks5://us%3Aer:p@h").login?.user)).toBe("us:er");
  });
});

describe("headers", () => {
  test("are kept in order and case, behind the URL's authorization or instead of it", () => {
    const url = "http://user:word@h";
    expect(checkProxy({ url, headers: { "X-b": "1", "x-A": "2" } }).headers.map(([name]) => name)).toEqual([
      "Proxy-Authorization",
      "X-b",
      "x-A",
    ]);
    const headers = [["proxy-authorization", "Bearer token"]] as const;
    expect(checkProxy({ url, headers }).headers).toEqual(headers);
  });

  test.each([
    ["a b", "1"],
    ["", "1"],
    ["X:", "1"],
    ["Host", "other"],
    ["connection", "close"],
    ["Content-Length", "1"],
    ["Transfer-Encoding", "chunked"],
    ["X", "a\r\nY: b"],
    ["X", "a\nb"],
    ["X", "a\0"],
    ["X", " a"],
    ["X", "€"],
  ])("%p: %p is PROXY_INVALID", (name, value) => {
    expect(refusal({ url: "http://h", headers: [[name, value]] }).code).toBe("PROXY_INVALID");
  });
});

test("what a scheme has no use for is refused, so that nobody relies on it", () => {
  const tls = new TlsConfig();
  expect(refusal({ url: "http://h", tls }).message).toContain("does not speak TLS");
  expect(refusal({ url: "socks5://h", tls }).message).toContain("does not speak TLS");
  expect(refusal({ url: "socks5://h", headers: { X: "1" } }).message).toContain("SOCKS5 has none");
});

test("what is no proxy at all is refused, not taken for none", () => {
  for (const nonsense of [null, 7, {}, { url: undefined }] as unknown as ProxyOptions[]) {
    expect(refusal(nonsense).code).toBe("PROXY_INVALID");
  }
});

describe("the target's host", () => {
  test.each(["a", "exchange.example", "x.example.", "_a-b~.example", "10.0.0.1", "::1", "[::1]", "n".repeat(255)])(
    "%s goes",
    (hostname) => {
      checkTunnelTarget(hostname);
    },
  );

  test.each([
    "a b",
    "a\r\nProxy-X: y",
    "a\nb",
    "a\0b",
    "a:1",
    "u@h",
    "a/b",
    "a?b",
    "a#b",
    "[a]",
    "a%62",
    "münchen.example",
    "fe80::1%eth0",
    "n".repeat(256),
  ])("%p is CONNECT_BAD_TARGET", (hostname) => {
    expect(() => checkTunnelTarget(hostname)).toThrow(
      expect.objectContaining({ name: "UsageError", code: "CONNECT_BAD_TARGET" }),
    );
  });
});

function refusal(option: string | ProxyOptions): UsageError {
  try {
    checkProxy(option);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error("was taken");
}
