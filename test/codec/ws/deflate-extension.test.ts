import { describe, expect, test } from "bun:test";
import { extensionsOf } from "../../../src/codec/ws/deflate-extension.ts";

describe("the grammar of RFC 6455 section 9.1", () => {
  const GOOD: readonly (readonly [value: string, expected: unknown])[] = [
    ["foo", [["foo"]]],
    ["permessage-deflate", [["permessage-deflate"]]],
    ["foo, bar; baz=2", [["foo"], ["bar", ["baz", "2"]]]],
    ["foo,bar", [["foo"], ["bar"]]],
    ["foo;a;b=c;d", [["foo", ["a", null], ["b", "c"], ["d", null]]]],
    [' foo ; a = "10" ;\tb ', [["foo", ["a", "10"], ["b", null]]]],
    ['foo; a="\\1\\0"', [["foo", ["a", "10"]]]],
    [",, foo ,\t, bar ,", [["foo"], ["bar"]]],
    ["foo; a; a", [["foo", ["a", null], ["a", null]]]],
    ["!#$%&'*+-.^_`|~09azAZ", [["!#$%&'*+-.^_`|~09azAZ"]]],
  ];
  test.each(GOOD)("%s", (value, expected) => {
    expect(extensionsOf(value)?.map(({ name, parameters }) => [name, ...parameters])).toEqual(
      expected as unknown as never,
    );
  });

  const BAD = [
    "",
    " ",
    ",",
    ";",
    ";foo",
    "foo bar",
    "foo;",
    "foo; ,bar",
    "foo;;a",
    "foo; =1",
    "foo; a=",
    "foo; a=,",
    "foo; a=b=c",
    "foo; a=b c",
    'foo; a="',
    'foo; a="b',
    'foo; a=""',
    'foo; a="b c"',
    'foo; a="b,c"',
    'foo; a="b\\"c"',
    'foo; a="b"c',
    'foo; "a"=b',
    "foo/1",
    "f\u00f6o",
    "foo\r\n",
    "foo; a=(b)",
  ];
  test.each(BAD)("refuses %j", (value) => {
    expect(extensionsOf(value)).toBeNull();
  });
});

test("takes no longer than the text is long", () => {
  const value = `foo${"; a".repeat(20_000)}`;
  expect(extensionsOf(value)?.[0]?.parameters.length).toBe(20_000);
  expect(extensionsOf(`foo; a="${"\\a".repeat(20_000)}`)).toBeNull();
});
