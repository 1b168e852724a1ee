import fc from "fast-check";

/** Responses that keep most rules, some near a limit. */
export function responses(): fc.Arbitrary<Uint8Array> {
  const body = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "\r", "\n", "0", ";", "\xff"), maxLength: 12 }),
    fc.constantFrom("b".repeat(100), "c".repeat(300), "d".repeat(410)),
  );
  const status = fc.constantFrom("200 OK", "200 OK", "200", "204 No", "304 ", "404 Not Found", "101 S", "999 x");
  const interim = fc.constantFrom("", "", "", "HTTP/1.1 100 C\r\n\r\n", "HTTP/1.1 103 E\r\nLink: a\r\n\r\n");
  const field = fc.oneof(
    fc.constantFrom("Connection: close", "connection: x, Keep-Alive", "Content-Type: a", "A:", "B: c\t", "Date: now"),
    fc.constantFrom("Content-Length: 5", "content-length: 0", "Transfer-Encoding: chunked"),
  );
  const kind = fc.constantFrom("length", "length", "chunks", "chunks", "end");
  const version = fc.constantFrom("1.1", "1.1", "1.1", "1.0");
  const behind = fc.constantFrom("", "", "", "x", "HTTP/1.1 200 OK\r\n\r\n");
  return fc
    .tuple(
      interim,
      version,
      status,
      fc.array(field, { maxLength: 2 }),
      kind,
      body,
      fc.nat({ max: 7 }),
      fc.tuple(behind, fields()),
    )
    .map(([before, minor, line, some, how, data, size, [rest, trailers]]) => {
      const own =
        { length: [`Content-Length: ${data.length}`], chunks: ["Transfer-Encoding: chunked"], end: [] }[how] ?? [];
      const head = `HTTP/${minor} ${line}\r\n${[...some.filter((each) => !/length|chunked/i.test(each)), ...own].map((each) => `${each}\r\n`).join("")}\r\n`;
      const framed = how === "chunks" ? chunksOf(data, size + 1, trailers) : data;
      return Buffer.from(before + head + framed + (how === "end" ? "" : rest), "latin1");
    });
}

function fields(): fc.Arbitrary<string> {
  return fc.constantFrom("", "", "T: 1\r\n", "T: 1\r\nContent-Length: 2\r\n");
}

function chunksOf(data: string, size: number, trailers: string): string {
  let text = "";
  for (let at = 0, turn = 0; at < data.length; at += size * 3, turn++) {
    const piece = data.slice(at, at + size * 3);
    text += `${piece.length.toString(16)}${["", ";a=b", " ;c", ""][turn % 4]}\r\n${piece}\r\n`;
  }
  return `${text}0\r\n${trailers}\r\n`;
}
