import { describe, expect, test } from "bun:test";
import { UsageError } from "../../../src/codec/errors.ts";
import type { Request } from "../../../src/codec/http/request.ts";
import type { FinishStage } from "../../../src/codec/http/request-stages.ts";
import { RequestWriter } from "../../../src/codec/http/request-writer.ts";
import { referenceRequest } from "../../helpers/reference-request.ts";

describe("the request line", () => {
  const writer = new RequestWriter("api.example.com");
  const under = new RequestWriter("api.example.com", { basePath: "/api/v3/" });

  test("each method", () => {
    const begun: readonly (readonly [method: string, stage: FinishStage])[] = [
      ["GET", new RequestWriter("a").get("/")],
      ["POST", new RequestWriter("a").post("/")],
      ["PUT", new RequestWriter("a").put("/")],
      ["PATCH", new RequestWriter("a").patch("/")],
      ["DELETE", new RequestWriter("a").delete("/")],
      ["HEAD", new RequestWriter("a").head("/")],
      ["OPTIONS", new RequestWriter("a").options("/")],
      ["POST", new RequestWriter("a").request("POST", "/")],
      ["M-SEARCH", new RequestWriter("a").request("M-SEARCH", "/")],
      ["get", new RequestWriter("a").request("get", "/")],
    ];
    for (const [method, stage] of begun) {
      const request = stage.finish();
      expect(request.method).toBe(method);
      const stated = /^(POST|PUT|PATCH)$/.test(method) ? "Content-Length: 0\r\n" : "";
      expect(textOf(request)).toBe(`${method} / HTTP/1.1\r\nHost: a\r\n${stated}\r\n`);
    }
  });

  const targets: readonly (readonly [write: () => FinishStage, target: string, query: string])[] = [
    [() => writer.get("/time"), "/time", ""],
    [() => under.get("/time"), "/api/v3/time", ""],
    [() => under.get(""), "/api/v3", ""],
    [() => under.get("?a=b"), "/api/v3?a=b", "a=b"],
    [() => writer.get("/a?b=c"), "/a?b=c", "b=c"],
    [() => writer.get("/a?b=c").query("d", "e"), "/a?b=c&d=e", "b=c&d=e"],
    [() => writer.get("/a?").query("d", "e"), "/a?d=e", "d=e"],
    [() => writer.get("/a?"), "/a?", ""],
    [() => writer.get("/a").query("b", "c").query("d", "e"), "/a?b=c&d=e", "b=c&d=e"],
    [
      () => writer.get("/a").query("a b", "c/d?e&f=g#h+é€\u{1f600}"),
      `/a?a%20b=${encodeURIComponent("c/d?e&f=g#h+é€\u{1f600}")}`,
      `a%20b=${encodeURIComponent("c/d?e&f=g#h+é€\u{1f600}")}`,
    ],
    [() => writer.get("/a").query("", ""), "/a?=", "="],
    [
      () =>
        writer
          .get("/a")
          .query("n", 5)
          .query("f", 0.001)
          .query("m", -1)
          .query("b", 2n ** 64n),
      "/a?n=5&f=0.001&m=-1&b=18446744073709551616",
      "n=5&f=0.001&m=-1&b=18446744073709551616",
    ],
    [
      () => writer.get("/a").query("t", 1_700_000_000_000).query("e", 1e21),
      "/a?t=1700000000000&e=1e%2B21",
      "t=1700000000000&e=1e%2B21",
    ],
    [() => writer.get("/a").queryRaw("b=%20c&d"), "/a?b=%20c&d", "b=%20c&d"],
    [() => writer.get("/a").query("b", "c").queryRaw("d=?/e").query("f", "g"), "/a?b=c&d=?/e&f=g", "b=c&d=?/e&f=g"],
    [() => writer.get("/a").queryRaw(""), "/a?", ""],
    [() => writer.get("/a%20b/~c;d,e!$&'()*+=:@[]"), "/a%20b/~c;d,e!$&'()*+=:@[]", ""],
    [() => writer.options("*"), "*", ""],
    [() => under.options("*"), "*", ""],
    [() => under.request("CONNECT", "example.com:443"), "example.com:443", ""],
    [() => under.request("CONNECT", "[::1]:443"), "[::1]:443", ""],
  ];
  test.each(targets)("%#", (write, target, query) => {
    for (let again = 0; again < 2; again++) {
      const request = write().finish();
      expect(referenceRequest(request.bytes()).target).toBe(target);
      expect(latin1(request.targetBytes())).toBe(target);
      expect(latin1(request.queryBytes())).toBe(query);
    }
  });

  const refused: readonly (readonly [path: string, code: string])[] = [
    ...[
      "",
      "a",
      "http://a/b",
      "*",
      "?a=b",
      "//\u{100}",
      "/a b",
      "/a\tb",
      "/a\r\nHost: b",
      "/a\nb",
      "/\0",
      "/a#b",
      "/é",
      "/\u{10a}",
    ].map((path) => [path, "REQUEST_PATH_INVALID"] as const),
    ...['/"', "/<", "/>", "/\\", "/^", "/`", "/{", "/|", "/}", "/\x7f", "/\x80"].map(
      (path) => [path, "REQUEST_PATH_INVALID"] as const,
    ),
  ];
  test.each(refused)("path %j is refused", (path, code) => {
    const bare = new RequestWriter("a");
    expect(codeOf(() => bare.get(path))).toBe(code);
    expect(() => bare.get(path)).toThrow(UsageError);
    expect(textOf(bare.get("/ok").finish())).toBe("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
  });

  test("a path that was refused is not taken for the one before", () => {
    const bare = new RequestWriter("a");
    bare.get("/abc").finish();
    expect(codeOf(() => bare.get("/xyz "))).toBe("REQUEST_PATH_INVALID");
    expect(referenceRequest(bare.get("/abc").finish().bytes()).target).toBe("/abc");
  });

  test.each(["a b", "a#b", "a\r\nb", "é", '"', "\0"])("raw query %j is refused", (text) => {
    const stage = writer.get("/a").query("b", "c");
    expect(codeOf(() => stage.queryRaw(text))).toBe("REQUEST_QUERY_INVALID");
    expect(referenceRequest(stage.query("d", "e").finish().bytes()).target).toBe("/a?b=c&d=e");
    const first = writer.get("/a");
    expect(codeOf(() => first.queryRaw(text))).toBe("REQUEST_QUERY_INVALID");
    expect(referenceRequest(first.finish().bytes()).target).toBe("/a");
  });

  test.each(["", "G T", "GET\r\n", "GÉT", "A:"])("method %j is refused", (method) => {
    expect(codeOf(() => writer.request(method, "/"))).toBe("REQUEST_METHOD_INVALID");
  });

  test.each(["", "example.com", "a b:1", "a:1/b", "a:b", "a@b:1", "a:1\r\n"])("CONNECT to %j is refused", (target) => {
    expect(codeOf(() => writer.request("CONNECT", target))).toBe("REQUEST_PATH_INVALID");
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("the number %p is refused", (number) => {
    expect(codeOf(() => writer.get("/").query("a", number))).toBe("REQUEST_NUMBER_INVALID");
    expect(codeOf(() => writer.get("/").header("a", number))).toBe("REQUEST_NUMBER_INVALID");
  });
});

describe("header fields", () => {
  test("are sent in order and case, behind Host", () => {
    const request = new RequestWriter("h:81").get("/").header("X-B", "1").header("x-a", 2).header("X-B", "").finish();
    expect(textOf(request)).toBe("GET / HTTP/1.1\r\nHost: h:81\r\nX-B: 1\r\nx-a: 2\r\nX-B: \r\n\r\n");
  });

  test("values of every length, also of Latin-1", () => {
    const writer = new RequestWriter("h");
    for (let length = 1; length < 70; length++) {
      for (const value of [
        "v".repeat(length),
        `${"v".repeat(length)}\xe4`,
        `a${" ".repeat(length)}b`,
        `a${"\t".repeat(length)}b`,
        `\xff${"x".repeat(length)}`,
      ]) {
        const request = writer
          .get("/")
          .header("X".repeat(1 + (length % 5)), value)
          .finish();
        expect(referenceRequest(request.bytes()).fields[1]?.[1]).toBe(value);
      }
    }
  });

  const badNames = ["", "a b", "a:", "a\r\nb", "a\n", "\0", "é", "a\u{10a}", "(a)", "a,b"];
  test.each(badNames)("name %j is refused", (name) => {
    const stage = new RequestWriter("h").get("/").header("A", "1");
    expect(codeOf(() => stage.header(name, "v"))).toBe("REQUEST_HEADER_INVALID");
    expect(textOf(stage.header("B", "2").finish())).toBe("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\n\r\n");
  });

  const badValues = [
    "a\r\nb: c",
    "a\nb",
    "a\rb",
    "\0",
    "a\x7f",
    "a\x1fb",
    " a",
    "a ",
    "\ta",
    "a\t",
    " ",
    "€",
    "a\u{10d}\u{10a}b",
    "\ud800",
  ];
  test.each(badValues)("value %j is refused, short and long", (value) => {
    const pad = "x".repeat(40);
    const leads = value !== value.trimStart();
    const trails = value !== value.trimEnd();
    for (const long of [value, leads ? value + pad : pad + value, trails ? pad + value : value + pad]) {
      const stage = new RequestWriter("h").get("/").header("A", "1");
      expect(codeOf(() => stage.header("X-Secret", long))).toBe("REQUEST_HEADER_INVALID");
      expect(textOf(stage.finish())).toBe("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\n\r\n");
    }
  });

  test("framing is the writer's", () => {
    const stage = new RequestWriter("h").post("/");
    for (const name of ["Content-Length", "content-length", "Transfer-Encoding", "TRANSFER-ENCODING"]) {
      expect(codeOf(() => stage.header(name, "5"))).toBe("REQUEST_HEADER_RESERVED");
    }
    expect(textOf(stage.body("x").finish())).toBe("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
  });

  test("what they say about the connection", () => {
    const writer = new RequestWriter("h");
    const facts = ({ keepAlive, upgrade, expectsContinue }: Request): unknown => [keepAlive, upgrade, expectsContinue];
    expect(facts(writer.get("/").finish())).toEqual([true, false, false]);
    expect(facts(writer.get("/").header("Connection", "x, Close").finish())).toEqual([false, false, false]);
    expect(facts(writer.get("/").header("connection", "close").header("Connection", "x").finish())).toEqual([
      false,
      false,
      false,
    ]);
    expect(facts(writer.get("/").header("Connection", "Upgrade").header("UPGRADE", "x").finish())).toEqual([
      true,
      true,
      false,
    ]);
    expect(facts(writer.post("/").header("Expect", "100-Continue").body("x").finish())).toEqual([true, false, true]);
    expect(facts(writer.get("/").header("X-Sign", "close").header("Expect1", "100-continue").finish())).toEqual([
      true,
      false,
      false,
    ]);
    expect(facts(writer.get("/").finish())).toEqual([true, false, false]);
  });
});

describe("default fields", () => {
  test("are in every request, before its own", () => {
    const writer = new RequestWriter("h").defaultHeader("X-Key", "k").defaultHeaders({ A: "1", "User-Agent": "u" });
    for (let again = 0; again < 2; again++) {
      expect(textOf(writer.get("/").header("B", "2").finish())).toBe(
        "GET / HTTP/1.1\r\nHost: h\r\nX-Key: k\r\nA: 1\r\nUser-Agent: u\r\nB: 2\r\n\r\n",
      );
    }
  });

  test("can be replaced, as for a rotated key, and left out", () => {
    const writer = new RequestWriter("h").defaultHeaders({ "X-Key": "k", A: "1" });
    writer.setDefaultHeader("x-key", "longer key");
    expect(fieldsOf(writer.get("/").finish())).toEqual(["Host: h", "x-key: longer key", "A: 1"]);
    writer.setDefaultHeader("B", "2").setDefaultHeader("X-KEY", null);
    expect(fieldsOf(writer.get("/").finish())).toEqual(["Host: h", "A: 1", "B: 2"]);
    writer.defaultHeader("B", "3").setDefaultHeader("b", "4");
    expect(fieldsOf(writer.get("/").finish())).toEqual(["Host: h", "A: 1", "b: 4"]);
    writer.setDefaultHeader("none", null);
    expect(fieldsOf(writer.get("/").finish())).toEqual(["Host: h", "A: 1", "b: 4"]);
  });

  test("give way to the request's own, for that request", () => {
    const writer = new RequestWriter("h")
      .defaultHeaders({ "X-Key": "k", "X-Bey": "b", "X-Other": "o" })
      .defaultHeader("X-KEY", "k2");
    expect(fieldsOf(writer.get("/").header("A", "1").header("x-key", "mine").header("B", "2").finish())).toEqual([
      "Host: h",
      "X-Bey: b",
      "X-Other: o",
      "A: 1",
      "x-key: mine",
      "B: 2",
    ]);
    expect(fieldsOf(writer.get("/").header("X-Key", "1").header("X-Key", "2").finish())).toEqual([
      "Host: h",
      "X-Bey: b",
      "X-Other: o",
      "X-Key: 1",
      "X-Key: 2",
    ]);
    expect(fieldsOf(writer.get("/").header("HOST", "other").finish())).toEqual([
      "X-Key: k",
      "X-Bey: b",
      "X-Other: o",
      "X-KEY: k2",
      "HOST: other",
    ]);
    expect(fieldsOf(writer.get("/").header("X-Other", "p").header("X-Bey", "q").body("xyz").finish())).toEqual([
      "Host: h",
      "X-Key: k",
      "X-KEY: k2",
      "X-Other: p",
      "X-Bey: q",
      "Content-Length: 3",
    ]);
    expect(fieldsOf(writer.get("/").finish())).toEqual(["Host: h", "X-Key: k", "X-Bey: b", "X-Other: o", "X-KEY: k2"]);
  });

  test("Host is there once, whatever is done", () => {
    const writer = new RequestWriter("h");
    expect(codeOf(() => writer.get("/").header("Host", "a").header("host", "b"))).toBe("REQUEST_HEADER_INVALID");
    expect(codeOf(() => writer.setDefaultHeader("Host", null))).toBe("REQUEST_HEADER_RESERVED");
    writer.defaultHeader("A", "1").defaultHeader("host", "other");
    expect(fieldsOf(writer.get("/").finish())).toEqual(["host: other", "A: 1"]);
  });

  test("tell the connection what they say, until a request says otherwise", () => {
    const writer = new RequestWriter("h").defaultHeaders({
      connection: "x,CLOSE",
      expect: "100-continue",
      Upgrade: "x",
    });
    expect(writer.post("/").finish()).toMatchObject({ keepAlive: false, expectsContinue: true, upgrade: true });
    expect(writer.post("/").header("Connection", "keep-alive").header("Expect", "x").finish()).toMatchObject({
      keepAlive: true,
      expectsContinue: false,
    });
    expect(writer.post("/").finish()).toMatchObject({ keepAlive: false, expectsContinue: true });
  });

  const refused: readonly (readonly [name: string, value: string, code: string])[] = [
    ["a b", "1", "REQUEST_HEADER_INVALID"],
    ["a", "1\r\nb: 2", "REQUEST_HEADER_INVALID"],
    ["a", "€", "REQUEST_HEADER_INVALID"],
    ["Content-Length", "1", "REQUEST_HEADER_RESERVED"],
    ["transfer-encoding", "chunked", "REQUEST_HEADER_RESERVED"],
  ];
  test.each(refused)("%j: %j is refused", (name, value, code) => {
    const writer = new RequestWriter("h");
    expect(codeOf(() => writer.defaultHeader(name, value))).toBe(code);
    expect(codeOf(() => writer.defaultHeaders({ [name]: value }))).toBe(code);
    expect(codeOf(() => writer.setDefaultHeader(name, value))).toBe(code);
    expect(textOf(writer.get("/").finish())).toBe("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  });
});

describe("bodies", () => {
  const writer = new RequestWriter("h", { capacity: 8192 });

  test("text is UTF-8, and its length that of the bytes, around each number of digits", () => {
    for (const unit of ["a", "é", "€", "\u{1f600}", "\ud800"]) {
      for (const length of [0, 1, 3, 4, 5, 9, 10, 33, 34, 49, 50, 51, 99, 100, 333, 334, 499, 500, 999, 1000, 1001]) {
        const text = unit.repeat(length).slice(0, length);
        const request = writer.post("/").header("A", "1").body(text).finish();
        const { body } = referenceRequest(request.bytes());
        expect(Buffer.from(body, "latin1").equals(Buffer.from(text.toWellFormed()))).toBe(true);
        expect(latin1(request.bodyBytes())).toBe(body);
      }
    }
  });

  test("bytes are copied", () => {
    const bytes = Uint8Array.of(0, 255, 13, 10);
    const request = writer.put("/").body(bytes).finish();
    bytes.fill(1);
    expect(referenceRequest(request.bytes()).body).toBe("\0\xff\r\n");
  });

  test("JSON brings its type, where none is given", () => {
    const typed = new RequestWriter("h").defaultHeader("content-type", "application/json; charset=utf-8");
    expect(
      fieldsOf(
        writer
          .post("/")
          .bodyJson({ a: [1] })
          .finish(),
      ),
    ).toEqual(["Host: h", "Content-Type: application/json", "Content-Length: 9"]);
    expect(fieldsOf(writer.post("/").header("Content-type", "x/y").bodyJson(null).finish())).toEqual([
      "Host: h",
      "Content-type: x/y",
      "Content-Length: 4",
    ]);
    expect(fieldsOf(typed.post("/").bodyJson("é").finish())).toEqual([
      "Host: h",
      "content-type: application/json; charset=utf-8",
      "Content-Length: 4",
    ]);
    expect(
      latin1(
        writer
          .post("/")
          .bodyJson({ a: [1] })
          .finish()
          .bodyBytes(),
      ),
    ).toBe('{"a":[1]}');
    for (const value of [undefined, () => 1, Symbol("a")]) {
      expect(codeOf(() => writer.post("/").bodyJson(value))).toBe("REQUEST_BODY_INVALID");
    }
  });

  test("a body can be put in place", () => {
    for (const [most, length] of [
      [5, 5],
      [5, 0],
      [100, 3],
      [1000, 99],
      [9, 9],
      [10, 9],
      [0, 0],
    ] as const) {
      const request = writer
        .post("/")
        .bodyWith(most, (bytes, offset) => {
          bytes.fill(0x61, offset, offset + length);
          return offset + length;
        })
        .finish();
      expect(referenceRequest(request.bytes()).body).toBe("a".repeat(length));
    }
    for (const end of [-1, 6, 0.5, Number.NaN]) {
      expect(codeOf(() => writer.post("/").bodyWith(5, (_bytes, offset) => offset + end))).toBe("WRITER_OUT_OF_BOUNDS");
    }
    for (const most of [-1, 0.5, Number.NaN]) {
      expect(codeOf(() => writer.post("/").bodyWith(most, (_bytes, offset) => offset))).toBe("REQUEST_BODY_INVALID");
    }
  });

  test("one that scribbles over the line does not spoil the next request", () => {
    writer.post("/abc").bodyWith(5, (bytes, offset) => {
      bytes.fill(0x0a, 0, 5);
      return offset;
    });
    expect(referenceRequest(writer.post("/abc").finish().bytes()).target).toBe("/abc");
  });

  test("a body that is streamed is announced", () => {
    const counted = writer.put("/").header("A", "1").bodyStream(5_000_000_000).finish();
    expect(textOf(counted)).toBe("PUT / HTTP/1.1\r\nHost: h\r\nA: 1\r\nContent-Length: 5000000000\r\n\r\n");
    expect(counted).toMatchObject({ streamed: true, streamLength: 5_000_000_000 });
    expect(counted.bodyBytes().length).toBe(0);
    const chunked = writer.post("/").bodyStream(null).finish();
    expect(textOf(chunked)).toBe("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    expect(chunked).toMatchObject({ streamed: true, streamLength: null });
    expect(writer.post("/").body("x").finish()).toMatchObject({ streamed: false, streamLength: null });
    for (const length of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(codeOf(() => writer.post("/").bodyStream(length))).toBe("REQUEST_BODY_INVALID");
    }
  });

  test("an empty body has a length", () => {
    for (const body of ["", new Uint8Array(0)]) {
      expect(textOf(writer.get("/").body(body).finish())).toBe(
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
      );
    }
  });
});

describe("capacity", () => {
  /** Each writes a request whose size `fill` decides. */
  const shapes: readonly (readonly [what: string, write: (writer: RequestWriter, fill: number) => FinishStage])[] = [
    ["path", (writer, fill) => writer.get(`/${"p".repeat(fill)}`)],
    ["query", (writer, fill) => writer.get("/").query("q", "v".repeat(fill))],
    [
      "encoded query",
      (writer, fill) => writer.get("/").query("q", "é".repeat(fill / 6).padEnd(Math.floor(fill / 6) + (fill % 6), "x")),
    ],
    ["raw query", (writer, fill) => writer.get("/").queryRaw("v".repeat(fill))],
    ["header", (writer, fill) => writer.get("/").header("X", "v".repeat(fill))],
    ["Latin-1 header", (writer, fill) => writer.get("/").header("X", "\xe4".repeat(fill))],
    ["number", (writer, fill) => writer.get("/").header("X", "v".repeat(fill)).header("Y", 12)],
    ["body", (writer, fill) => writer.post("/").body("b".repeat(fill))],
    [
      "UTF-8 body",
      (writer, fill) => writer.post("/").body("é".repeat(fill / 2).padEnd(Math.floor(fill / 2) + (fill % 2), "x")),
    ],
    ["bytes", (writer, fill) => writer.post("/").body(new Uint8Array(fill))],
    [
      "body in place",
      (writer, fill) =>
        writer
          .post("/")
          .bodyWith(fill, (bytes, offset) => bytes.fill(0x61, offset, offset + fill).length * 0 + offset + fill),
    ],
    ["no body", (writer, fill) => writer.post("/").header("X", "v".repeat(fill))],
    ["stream", (writer, fill) => writer.post("/").header("X", "v".repeat(fill)).bodyStream(12345)],
    ["chunks", (writer, fill) => writer.post("/").header("X", "v".repeat(fill)).bodyStream(null)],
  ];
  test.each(shapes)("%s: what fits is written, and a byte more is refused", (_what, write) => {
    const around = new Uint8Array(new SharedArrayBuffer(8 + 512 + 64)).fill(0xee);
    const tight = new RequestWriter("h", { memory: around.subarray(8, 520) });
    const roomy = new RequestWriter("h", { capacity: 4096 });
    let fitted = 0;
    for (let fill = 300; fill <= 600; fill++) {
      const expected = textOf(write(roomy, fill).finish());
      let seen: string | null = null;
      try {
        seen = textOf(write(tight, fill).finish());
      } catch (error) {
        expect(error).toMatchObject({ code: "REQUEST_TOO_LARGE" });
        expect((error as Error).message).toMatch(
          /^Cannot write request: it is at least \d+ bytes where capacity is 512$/,
        );
      }
      if (expected.length <= 512) fitted++;
      expect(seen === null ? "refused" : seen).toBe(expected.length <= 512 ? expected : "refused");
    }
    expect(fitted).toBeGreaterThan(10);
    const outside = [...around.subarray(0, 8), ...around.subarray(520)];
    expect(outside.every((byte) => byte === 0xee)).toBe(true);
  });

  test("a writer that refused writes on", () => {
    const writer = new RequestWriter("h", { capacity: 256 });
    expect(codeOf(() => writer.post("/").body("x".repeat(300)))).toBe("REQUEST_TOO_LARGE");
    expect(textOf(writer.get("/").finish())).toBe("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  });

  test.each([0, 255, 1.5, Number.NaN, 2 ** 31])("of %p is refused", (capacity) => {
    expect(codeOf(() => new RequestWriter("h", { capacity }))).toBe("OPTION_OUT_OF_RANGE");
  });
});

describe("memory that is handed in", () => {
  const buffers = [() => new ArrayBuffer(2048), () => new SharedArrayBuffer(2048)];

  test.each(buffers)("%# holds the request, whatever it is made of", (make) => {
    const buffer = make();
    const memory = new Uint8Array(buffer, 4, 1021);
    const given = new RequestWriter("h", { memory, capacity: 17 }).defaultHeader("X-Key", "k");
    const own = new RequestWriter("h").defaultHeader("X-Key", "k");
    const long = "long enough for the engine's own loops";
    const writes: readonly ((writer: RequestWriter) => Request)[] = [
      (writer) => writer.get("/").finish(),
      (writer) => writer.get("/a").query("a", "b c").query(long, `${long}é`).query("n", 7).finish(),
      (writer) => writer.post("/a").header("A", "short").header("B", long).header("C", `\xe4${long}`).finish(),
      (writer) => writer.post("/a").header("x-key", "mine").body(`é€${long}`).finish(),
      (writer) =>
        writer
          .post("/a")
          .header("N", 12)
          .body(new Uint8Array([1, 2, 3]))
          .finish(),
      (writer) => writer.put("/a").bodyJson({ a: long, b: 1.5 }).finish(),
      (writer) =>
        writer
          .put("/a")
          .bodyWith(50, (bytes, offset) => bytes.fill(0x61, offset, offset + 9).length * 0 + offset + 9)
          .finish(),
      (writer) => writer.put("/a").bodyStream(null).finish(),
      (writer) =>
        writer
          .post("/a")
          .query("b", "c")
          .body("d=e")
          .finish()
          .stampQuery("s", long)
          .stampHeader("S", long)
          .stampBody("s", long),
    ];
    expect(given.capacity).toBe(1021);
    for (const write of writes) {
      const expected = write(own);
      const request = write(given);
      expect([request.buffer.buffer, request.buffer.byteOffset]).toEqual([buffer, 4]);
      expect(latin1(request.bytes())).toBe(latin1(expected.bytes()));
      expect(latin1(request.targetBytes())).toBe(latin1(expected.targetBytes()));
      expect(latin1(request.queryBytes())).toBe(latin1(expected.queryBytes()));
      expect(latin1(request.bodyBytes())).toBe(latin1(expected.bodyBytes()));
      expect(() => referenceRequest(request.streamed ? own.get("/").finish().bytes() : request.bytes())).not.toThrow();
    }
  });

  test("need not hold between two requests what it held", () => {
    const memory = new Uint8Array(new SharedArrayBuffer(512));
    const one = new RequestWriter("one", { memory }).defaultHeader("X-Key", "k");
    const other = new RequestWriter("two", { memory });
    const write = (writer: RequestWriter): string =>
      textOf(
        writer.post("/order").query("symbol", "BTCUSDT").header("X-Timestamp", "1672531200000").body("{}").finish(),
      );
    const first = write(new RequestWriter("one").defaultHeader("X-Key", "k"));
    const second = write(new RequestWriter("two"));
    for (let again = 0; again < 3; again++) {
      expect([write(one), write(other)]).toEqual([first, second]);
      expect([write(one), write(one)]).toEqual([first, first]);
      memory.fill(again);
    }
  });

  test("has the length that a capacity may have, and starts where words do", () => {
    const memory = new Uint8Array(new ArrayBuffer(1024));
    expect(new RequestWriter("h", { memory: memory.subarray(4, 260) }).capacity).toBe(256);
    for (const refused of [memory.subarray(0, 255), memory.subarray(1, 513), memory.subarray(2, 514)]) {
      expect(codeOf(() => new RequestWriter("h", { memory: refused }))).toBe("OPTION_OUT_OF_RANGE");
    }
  });
});

test("host and base path are checked", () => {
  for (const host of ["h", "h:1", "127.0.0.1:8080", "[::1]", "[::1]:80", "a-b.c_d~"])
    expect(new RequestWriter(host).capacity).toBe(16384);
  for (const host of ["", "a b", "a\r\nb", "a/b", "a:b", "u@h", "é", "[::1", "a:123456"]) {
    expect(codeOf(() => new RequestWriter(host))).toBe("REQUEST_HOST_INVALID");
  }
  for (const basePath of ["a", "a/", "/a b", "/a\r\n", "/a?b", "/a#b", "/é"]) {
    expect(codeOf(() => new RequestWriter("h", { basePath }))).toBe("REQUEST_PATH_INVALID");
  }
  expect(new RequestWriter("h", { basePath: "/a//" }).basePath).toBe("/a");
  expect(new RequestWriter("h", { basePath: "/" }).basePath).toBe("");
});

test("there is one request, which the next writes over", () => {
  const writer = new RequestWriter("h");
  const first = writer.post("/a").body("12345").finish();
  const second = writer.get("/b").finish();
  expect(second).toBe(first);
  expect(textOf(second)).toBe("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  expect({ start: second.start, end: second.end, length: second.length }).toEqual({ start: 0, end: 28, length: 28 });
  expect(second.bodyBytes().length).toBe(0);
});

test("no message shows what may be a secret", () => {
  const secret = "s3cr3t";
  const writer = new RequestWriter("h");
  const attempts: readonly (() => unknown)[] = [
    () => writer.get(`/${secret}\n`),
    () => writer.get(secret),
    () => writer.get("/").queryRaw(`${secret} `),
    () => writer.get("/").header("A", `${secret}\n`),
    () => writer.get("/").header("A", ` ${secret}`),
    () => writer.defaultHeader("A", `${secret}\r`),
    () => writer.setDefaultHeader("A", `${secret}\r`),
    () => writer.get("/").finish().stampHeader("A", `${secret}\0`),
    () => writer.post("/").body(secret.repeat(10_000)),
    () => writer.request("CONNECT", `${secret}@h:1`),
  ];
  for (const attempt of attempts) {
    let message: string | null = null;
    try {
      attempt();
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^Cannot write request: /);
    expect(message).not.toContain("s3c");
  }
});

/** Latin-1. */
function textOf(request: Request): string {
  return latin1(request.bytes());
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function fieldsOf(request: Request): string[] {
  return referenceRequest(request.bytes()).fields.map(([name, value]) => `${name}: ${value}`);
}

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof UsageError) return error.code;
    throw error;
  }
  return "done";
}
