import { describe, expect, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { shownUrl, wsTarget } from "../../src/ws/target.ts";

describe("wsTarget", () => {
  test.each([
    ["ws://h", { secure: false, hostname: "h", port: 80, authority: "h", path: "/" }],
    ["ws://h:80/", { secure: false, hostname: "h", port: 80, authority: "h", path: "/" }],
    ["wss://h", { secure: true, hostname: "h", port: 443, authority: "h", path: "/" }],
    ["wss://h:80", { secure: true, hostname: "h", port: 80, authority: "h:80", path: "/" }],
    [
      "WSS://EXAMPLE.com:443/A?b=C",
      { secure: true, hostname: "example.com", port: 443, authority: "example.com", path: "/A?b=C" },
    ],
    [
      "ws://h:8080/a%20b/../c?x=%2F&y",
      { secure: false, hostname: "h", port: 8080, authority: "h:8080", path: "/c?x=%2F&y" },
    ],
    ["ws://h/?", { secure: false, hostname: "h", port: 80, authority: "h", path: "/" }],
    ["ws://[::1]:9000/x", { secure: false, hostname: "[::1]", port: 9000, authority: "[::1]:9000", path: "/x" }],
    [
      "ws://[2001:DB8::0:1]/",
      { secure: false, hostname: "[2001:db8::1]", port: 80, authority: "[2001:db8::1]", path: "/" },
    ],
    ["ws://127.1/", { secure: false, hostname: "127.0.0.1", port: 80, authority: "127.0.0.1", path: "/" }],
    [
      "ws://bücher.example/",
      { secure: false, hostname: "xn--bcher-kva.example", port: 80, authority: "xn--bcher-kva.example", path: "/" },
    ],
  ] as const)("takes %s apart", (url, parts) => {
    expect(wsTarget(url)).toMatchObject({ ...parts, authorization: null });
    expect(wsTarget(new URL(url))).toEqual(wsTarget(url));
  });

  test.each([
    ["ws://user:secret@h/", "user:secret"],
    ["ws://user@h/", "user:"],
    ["ws://:secret@h/", ":secret"],
    ["ws://us%3Aer:p%40ss%2Fword@h/", "us:er:p@ss/word"],
    ["ws://j%C3%BCrgen:%E2%82%AC@h/", "jürgen:€"],
  ])("makes Basic of the login in %s", (url, login) => {
    const { authorization } = wsTarget(url);
    expect(Buffer.from(authorization?.slice("Basic ".length) ?? "", "base64").toString()).toBe(login);
  });

  test("does not show login or fragment in the URL", () => {
    expect(wsTarget("ws://user:secret@h:1/p?q=1#part").url).toBe("ws://h:1/p?q=1");
  });

  test.each(["http://h/", "https://h/", "h:80", "/path", "", "ws://", "ws://h:99999/", "file:///ws"])(
    "refuses %p",
    (url) => {
      const refuse = (): unknown => wsTarget(url);
      expect(refuse).toThrow(UsageError);
      expect(refuse).toThrow(expect.objectContaining({ code: "URL_INVALID" }));
    },
  );

  test.each(["ws://us%er:secret@h/", "ws://user:%FFsecret@h/"])(
    "refuses a login that is no UTF-8, and keeps it to itself: %s",
    (url) => {
      let thrown: unknown = null;
      try {
        wsTarget(url);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(UsageError);
      expect(thrown).toMatchObject({ code: "URL_INVALID" });
      expect(String(thrown)).not.toContain("secret");
    },
  );

  test("does not show a login in the refusal of another scheme", () => {
    expect(() => wsTarget("https://user:secret@h/")).toThrow(/https:\/\/h is not/);
  });
});

test.each([
  ["ws://h/", "ws://h/"],
  ["wss://h/ws/stream?token=secret&b=1", "wss://h/ws/stream?…"],
  ["wss://h/?", "wss://h/?…"],
])("%s is shown without what its query holds", (url, shown) => {
  expect(shownUrl(url)).toBe(shown);
});
