/** What {@link referenceHead} says about a head. */
export interface HeadReading {
  readonly done: boolean;
  readonly fault: string | null;
  /** Bytes of the head, where it is done. */
  readonly size: number;
  readonly startLine: string | null;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/**
 * The head of an HTTP/1.1 message by regular expressions over text that is there as a whole: RFC 9112 sections 2 to 5 read aloud, with
 * nothing of the codec. What it names first is what a reader must name, byte by byte or at once.
 */
export function referenceHead(bytes: Uint8Array, maxHeadSize: number, maxHeaders: number): HeadReading {
  const text = Buffer.from(bytes.subarray(0, maxHeadSize)).toString("latin1");
  const fields: [string, string][] = [];
  let startLine: string | null = null;
  let pos = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = pos;
    const found = pattern.exec(text)?.[0] ?? "";
    pos += found.length;
    return found;
  };
  const reading = (fault: string | null): HeadReading => ({ done: false, fault, size: 0, startLine, fields });
  const cut = (): HeadReading => reading(bytes.length >= maxHeadSize ? "HTTP_HEAD_TOO_LARGE" : null);
  /** Null where the line ends as it must here. */
  const lineEnd = (): HeadReading | null => {
    if (text.startsWith("\r\n", pos)) {
      pos += 2;
      return null;
    }
    if (pos === text.length || text.slice(pos) === "\r") return cut();
    if (text[pos] === "\r") return reading("HTTP_BARE_CR");
    return reading(text[pos] === "\n" ? "HTTP_BARE_LF" : "HTTP_CONTROL_CHARACTER");
  };

  const line = take(TEXT);
  const end = lineEnd();
  if (end !== null) return end;
  startLine = line;
  for (;;) {
    if (pos === text.length) return cut();
    if (text[pos] === "\r") return lineEnd() ?? { done: true, fault: null, size: pos, startLine, fields };
    if (/[ \t]/.test(text[pos] ?? "")) return reading("HTTP_OBSOLETE_FOLD");
    const name = take(NAME);
    if (name !== "" && fields.length === maxHeaders) return reading("HTTP_TOO_MANY_HEADERS");
    if (name !== "" && pos === text.length) return cut();
    if (name === "" || text[pos] !== ":") return reading(text[pos] === "\n" ? "HTTP_BARE_LF" : "HTTP_HEADER_NAME");
    pos++;
    const value = take(TEXT);
    const valueEnd = lineEnd();
    if (valueEnd !== null) return valueEnd;
    fields.push([name, value.replaceAll(/^[ \t]+|[ \t]+$/g, "")]);
  }
}

/** `field-vchar`, SP and HTAB of RFC 9110 section 5.5. */
const TEXT = /[\t\x20-\x7e\x80-\xff]*/y;
/** `token` of RFC 9110 section 5.6.2. */
const NAME = /[!#$%&'*+\-.^_`|~0-9A-Za-z]*/y;
