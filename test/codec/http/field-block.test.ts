import { describe, expect, test } from "bun:test";
import { UsageError } from "../../../src/codec/errors.ts";
import { isFieldValue } from "../../../src/codec/http/head.ts";
import type { Request } from "../../../src/codec/http/request.ts";
import { RequestWriter } from "../../../src/codec/http/request-writer.ts";

/** Each writes a request; one after another on a writer, so that what stands of the one before is right or wrong for it. */
const WISHES: readonly ((writer: RequestWriter) => Request)[] = [
  (writer) => writer.get("/").finish(),
  (writer) => writer.get("/longer/path").query("a", "b").finish(),
  (writer) => writer.get("/").header("A", "1").finish(),
  (writer) => writer.get("/").header("A", "2").finish(),
  (writer) => writer.get("/").header("A", "").finish(),
  (writer) => writer.get("/").header("A", "longer than before, and than what a loop writes").finish(),
  (writer) => writer.get("/").header("A", "longer than before, and than what a loop WROTE").finish(),
  (writer) => writer.get("/").header("A", "1").header("B", "2").finish(),
  (writer) => writer.get("/").header("B", "2").header("A", "1").finish(),
  (writer) => writer.get("/").header("a", "1").header("B", 2).finish(),
  (writer) => writer.post("/").header("A", "1").finish(),
  (writer) => writer.post("/").header("A", "1").body("x".repeat(9)).finish(),
  (writer) => writer.post("/").header("A", "1").body("x".repeat(10)).finish(),
  (writer) => writer.post("/").header("A", "1").body("é€".repeat(4)).finish(),
  (writer) => writer.post("/").header("A", "1").header("B", "2").header("C", "3").body("x".repeat(9)).finish(),
  (writer) => writer.post("/").header("Content-Type", "text/plain").bodyJson([1]).finish(),
  (writer) => writer.post("/").header("A", "1").bodyJson([1]).finish(),
  (writer) => writer.post("/").header("A", "1").bodyStream(null).finish(),
  (writer) => writer.post("/").header("A", "1").bodyStream(77).finish(),
  (writer) => writer.get("/").header("A", "1").header("X-Key", "in place of a default one").header("B", "2").finish(),
  (writer) => writer.get("/").header("A", "1").header("Yyyyy", "as long as a default one").header("B", "2").finish(),
  (writer) => writer.get("/").header("Connection", "close").header("A", "1").finish(),
  (writer) => writer.get("/").header("Connection", "keep").header("A", "1").finish(),
  (writer) => writer.get("/").header("Host", "other").header("A", "1").finish(),
  (writer) => writer.post("/").header("Expect", "100-continue").header("A", "1").body("b").finish(),
  (writer) => writer.get("/").header("Upgrade", "x").header("A", "1").finish(),
  (writer) => {
    let stage = writer.get("/").header("A", "1");
    for (let index = 0; index < 40; index++) stage = stage.header(`N-${index}`, index);
    return stage.finish();
  },
  (writer) => writer.get("/").header("A", "x".repeat(1500)).header("B", "2").finish(),
  (writer) => {
    const stage = writer.get("/").header("A", "1");
    expect(() => stage.header("B", "bad\n")).toThrow(UsageError);
    return stage.header("B", "2").finish();
  },
  (writer) => {
    const stage = writer.get("/").header("A", "1");
    expect(() => stage.header("B", "bad, and too long for the loop\n")).toThrow(UsageError);
    expect(() => stage.header("B", `${"é".repeat(30)}\n`)).toThrow(UsageError);
    expect(() => stage.header("Content-Length", "2")).toThrow(UsageError);
    return stage.header("B", "2").finish();
  },
  (writer) => writer.post("/").query("a", "b").header("A", "1").body("c=d").finish().stampQuery("s", "t"),
  (writer) => writer.post("/").query("a", "b").header("A", "1").body("c=d").finish().stampHeader("S", "t"),
  (writer) => writer.post("/").query("a", "b").header("A", "1").body("c=d").finish().stampBody("s", "t".repeat(9)),
];

describe("what stands of a request", () => {
  test("is right for the next one, whichever that is", () => {
    const expected = WISHES.map((wish) => seen(wish(newWriter())));
    for (const [first, before] of WISHES.entries()) {
      for (const [second, wish] of WISHES.entries()) {
        const writer = newWriter();
        for (const [index, one] of [
          [first, before],
          [first, before],
          [second, wish],
          [first, before],
          [second, wish],
        ] as const) {
          const what = `${first} then ${second}: ${index}`;
          expect([what, ...seen(one(writer))]).toEqual([what, ...expected[index]!]);
        }
      }
    }
  });

  test("is refused at once where it does not fit behind a longer target", () => {
    const writer = new RequestWriter("h", { capacity: 256 });
    const value = "v".repeat(100);
    for (let round = 0; round < 3; round++) writer.get("/").header("A", value).finish();
    const long = writer.get("/").query("q", "v".repeat(140));
    expect(() => long.header("A", value)).toThrow(expect.objectContaining({ code: "REQUEST_TOO_LARGE" }));
    expect(latin1(writer.get("/").header("A", value).finish())).toBe(
      `GET / HTTP/1.1\r\nHost: h\r\nA: ${value}\r\n\r\n`,
    );
  });

  test("holds no longer where the default fields change", () => {
    const writer = newWriter();
    for (const [value, more] of [
      ["k", false],
      ["K", false],
      ["longer", true],
      [null, true],
    ] as const) {
      writer.setDefaultHeader("X-Key", value);
      if (more) writer.setDefaultHeader("Also", "this");
      const fresh = new RequestWriter("h").defaultHeader("X-Key", "k").setDefaultHeader("X-Key", value);
      if (more) fresh.setDefaultHeader("Also", "this");
      const write = (one: RequestWriter): Request => one.post("/").header("A", "1").header("B", "2").body("x").finish();
      expect(seen(write(writer))).toEqual(seen(write(fresh)));
      expect(seen(write(writer))).toEqual(seen(write(fresh)));
    }
  });

  test("is not what the owner of the bytes made of them", () => {
    const writer = newWriter();
    const write = (): Request => writer.post("/path?a=b").header("A", "1").header("B", "2").body("xyz").finish();
    const expected = seen(write());
    for (let round = 0; round < 3; round++) {
      write().bytes().fill(0);
      expect(seen(write())).toEqual(expected);
      write().buffer.fill(0x0d);
      expect(seen(write())).toEqual(expected);
    }
  });

  test("is not written over by what did not come to be a request", () => {
    const writer = newWriter();
    const write = (): Request =>
      writer.post("/path").query("a", "b").header("A", "1").header("B", "2").body("x").finish();
    const expected = seen(write());
    const abandoned: readonly (() => unknown)[] = [
      () => writer.post("/path").query("a", "b".repeat(500)),
      () => writer.post("/path").header("A", "2"),
      () => writer.post("/path").header("A", "22").header("B", "2"),
      () => writer.post("/path").header("A", "1").header("B", "2").body("longer, by two digits"),
      () => expect(() => writer.post("/path").query("a", "b".repeat(20_000))).toThrow(UsageError),
      () => expect(() => writer.post("/path").header("A", "b".repeat(20_000))).toThrow(UsageError),
      () => expect(() => writer.post("/path").header("A", "1").body("b".repeat(20_000))).toThrow(UsageError),
      () =>
        expect(() =>
          writer
            .post("/path")
            .header("A", "1")
            .bodyWith(9, () => -1),
        ).toThrow(UsageError),
    ];
    for (const abandon of abandoned) {
      for (let round = 0; round < 2; round++) {
        abandon();
        expect(seen(write())).toEqual(expected);
      }
    }
  });
});

test("a value in place of one that stood is judged like any other, at each length and alignment", () => {
  const characters = [
    "\r",
    "\n",
    "\0",
    "\x1f",
    "\x7f",
    "\t",
    " ",
    "\x80",
    "\xff",
    "é",
    "\u0141",
    "\u010a",
    "€",
    "\ud800",
  ];
  for (let nameLength = 1; nameLength <= 4; nameLength++) {
    const name = "N".repeat(nameLength);
    const writer = new RequestWriter("h");
    for (let length = 1; length <= 40; length++) {
      const write = (value: string): string => latin1(writer.get("/").header(name, value).header("B", "2").finish());
      const lines = (value: string): string => `GET / HTTP/1.1\r\nHost: h\r\n${name}: ${value}\r\nB: 2\r\n\r\n`;
      const first = "a".repeat(length);
      if (write(first) !== lines(first)) throw new Error(`the first of ${length}`);
      for (let at = 0; at < length; at++) {
        for (const character of characters) {
          const value = first.slice(0, at) + character + first.slice(at + 1);
          let written: string | null = null;
          try {
            written = write(value);
          } catch (error) {
            if ((error as UsageError).code !== "REQUEST_HEADER_INVALID") throw error;
          }
          const expected = isFieldValue(value) ? lines(value) : null;
          if (written !== expected) expect({ nameLength, length, at, value, written }).toEqual(expected as never);
          if (write(first) !== lines(first)) throw new Error(`${JSON.stringify(value)} left a trace`);
        }
      }
    }
  }
});

function newWriter(): RequestWriter {
  return new RequestWriter("h").defaultHeader("X-Key", "k");
}

/** Its bytes, and where it says that its parts are. */
function seen(request: Request): readonly unknown[] {
  const { keepAlive, upgrade, expectsContinue, streamed, streamLength } = request;
  const parts = [request.targetBytes(), request.queryBytes(), request.bodyBytes()].map((part) => latin1Of(part));
  return [latin1(request), ...parts, keepAlive, upgrade, expectsContinue, streamed, streamLength];
}

function latin1(request: Request): string {
  return latin1Of(request.bytes());
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
