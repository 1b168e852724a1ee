/** What an HTTP request is answered with. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An error in the venue's words: `{"code":-1121,"msg":"Invalid symbol."}`. */
export function errorAnswer(status: number, code: number, msg: string, headers?: Answer["headers"]): Answer {
  const body = JSON.stringify({ code, msg });
  return headers === undefined ? { status, body } : { status, headers, body };
}

/** What the venue says where it fails or keeps a client out, whatever was asked. */
export function venueAnswer(status: number): Answer {
  switch (status) {
    case 401:
      return errorAnswer(401, -2015, "Invalid API-key, IP, or permissions for action.");
    case 403:
      return errorAnswer(403, -1002, "You are not authorized to execute this request.");
    case 418:
    case 429:
      return errorAnswer(status, -1003, "Too many requests; slow down.", { "Retry-After": "5" });
    case 500:
    case 502:
    case 503:
      return errorAnswer(status, -1001, "Internal error; unable to process your request. Please try again.");
    default:
      return errorAnswer(status, -1000, `Refused with ${status}.`);
  }
}

/** What the venue says where it does not know itself whether the request took effect. */
export function unknownAnswer(status: number): Answer {
  if (status === 503) return errorAnswer(503, -1000, "Unknown error, please check your request or try again later.");
  const msg = "Timeout waiting for response from backend server. Send status unknown; execution status unknown.";
  return errorAnswer(status, -1007, msg);
}

/** A whole answer, after which the connection ends. */
export function renderLastAnswer({ status, headers = {}, body }: Answer): string {
  const length = `${Buffer.byteLength(body)}`;
  return `${renderHead(status, { "Content-Type": JSON_TYPE, "Content-Length": length, Connection: "close", ...headers })}${body}`;
}

/** A status line and fields, with the empty line behind them. */
export function renderHead(status: number, headers: Readonly<Record<string, string>>): string {
  let head = `HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}\r\n`;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  return `${head}\r\n`;
}

export const JSON_TYPE = "application/json;charset=UTF-8";

const REASONS: Readonly<Record<number, string>> = {
  100: "Continue",
  102: "Processing",
  103: "Early Hints",
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  417: "Expectation Failed",
  418: "I'm a teapot",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};
