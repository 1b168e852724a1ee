/** One element of `Sec-WebSocket-Extensions`: a name, and parameters in order, their values unquoted, null where there is none. */
export interface WsExtension {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | null])[];
}

/**
 * The elements of `Sec-WebSocket-Extensions`, several fields joined by commas; null where it breaks the grammar (RFC 6455 section 9.1),
 * which must end the handshake.
 *
 * ```text
 * extension-list  = 1#extension
 * extension       = extension-token *( ";" extension-param )
 * extension-param = token [ "=" (token | quoted-string) ]     ; unquoted, the value is a token
 * ```
 */
export function extensionsOf(value: string): WsExtension[] | null {
  const extensions: WsExtension[] = [];
  let rest = value;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const found = pattern.exec(rest);
    if (found !== null) rest = rest.slice(found[0].length);
    return found;
  };
  for (;;) {
    take(SEPARATORS);
    if (rest === "") return extensions.length > 0 ? extensions : null;
    const name = take(TOKEN)?.[1];
    if (name === undefined) return null;
    const parameters: (readonly [string, string | null])[] = [];
    for (let found = take(PARAMETER); found !== null; found = take(PARAMETER)) {
      const [, key = "", token, quoted] = found;
      const unquoted = quoted?.replace(/\\(.)/g, "$1");
      if (unquoted !== undefined && !WHOLE_TOKEN.test(unquoted)) return null;
      parameters.push([key, token ?? unquoted ?? null]);
    }
    extensions.push({ name, parameters });
    if (rest !== "" && !rest.startsWith(",")) return null;
  }
}

/** RFC 9110 section 5.6.2. */
const TCHAR = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const SEPARATORS = /^[\t ,]+/;
const TOKEN = new RegExp(`^(${TCHAR}+)[\\t ]*`);
const WHOLE_TOKEN = new RegExp(`^${TCHAR}+$`);
const PARAMETER = new RegExp(`^;[\\t ]*(${TCHAR}+)[\\t ]*(?:=[\\t ]*(?:(${TCHAR}+)|"((?:[^"\\\\]|\\\\.)*)")[\\t ]*)?`);
