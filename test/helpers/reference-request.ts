/** What {@link referenceRequest} reads in a request. */
export interface RequestReading {
  readonly method: string;
  readonly target: string;
  /** In order; names as they were sent. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/**
 * An HTTP/1.1 request as the most literal reader sees it (RFC 9112 sections 2, 3 and 5): Latin-1 text, cut at every CRLF and nowhere else; with
 * nothing of the codec. Throws for whatever a strict server would refuse, and where the body is not as long as `Content-Length` says.
 */
export function referenceRequest(bytes: Uint8Array): RequestReading {
  const text = Buffer.from(bytes).toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) throw new Error("no blank line");
  const [line = "", ...lines] = text.slice(0, end).split("\r\n");
  const body = text.slice(end + 4);
  const [, method = "", target = ""] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~]+) HTTP\/1\.1$/.exec(line) ?? [];
  if (method === "") throw new Error(`request line ${JSON.stringify(line)}`);
  const fields = lines.map((field) => {
    const [, name = "", value = ""] =
      /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(field) ?? [];
    if (name === "") throw new Error(`field line ${JSON.stringify(field)}`);
    return [name, value] as const;
  });
  const valuesOf = (wanted: string): string[] =>
    fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  if (valuesOf("host").length !== 1) throw new Error(`${valuesOf("host").length} Host fields`);
  const lengths = valuesOf("content-length");
  const isChunked = valuesOf("transfer-encoding").length > 0;
  if (lengths.length > 1 || (isChunked && lengths.length > 0)) throw new Error("framed twice");
  if (lengths[0] !== undefined && lengths[0] !== String(body.length)) {
    throw new Error(`a body of ${body.length} bytes where Content-Length is ${lengths[0]}`);
  }
  if (lengths.length === 0 && body !== "") throw new Error("a body without framing");
  return { method, target, fields, body };
}
