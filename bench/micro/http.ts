import { type Request, RequestWriter, type Response, ResponseReader } from "../../src/codec/mod.ts";
import { answers, encodeMessage, REQUESTS, venueFields } from "../http/messages.ts";
import { expectCount, type MicroCase } from "./case.ts";

/**
 * Requests written and responses read in memory, as a connection does it but for the socket.
 *
 * "Write post of 6 fields, read 15" is the figure to hold against 600 ns. The request is the most that venues ask for: six fields given one by
 * one, three of them and the JSON body another string each time. The answer is a venue's to an order: its acknowledgement in 80 bytes of
 * JSON, and fifteen fields, among them request weights, order counts, a date and a request id that differ each time, and what the proxy before the
 * venue adds for browsers. Reading goes to the response with its status, its framing judged; looking up a field is measured apart.
 */
export function http(): readonly MicroCase[] {
  return [
    writing("write get", requestOfGet()),
    writing("write post of 6 fields", requestOfPost()),
    writing("write post of 6 fields, other names", requestOfAnotherPost()),
    writing("write post of 6 parameters", requestOfParameters()),
    reading("read small", SMALL),
    reading("read 15 fields", answers("post")),
    reading("read 20 fields", [withFields(20)]),
    reading("read 20 fields laid out anew", [withFields(20), withFields(19)]),
    reading("read chunked", [CHUNKED]),
    lookup("find first of 20", "content-type", "application/json;charset=UTF-8"),
    lookup("find last of 20", "x-field-19", "19"),
    lookup("find none in 20", "retry-after", null),
    writingAndReading("write post of 6 fields, read 15", requestOfPost(), answers("post")),
    writingAndReading("write post of 6 parameters, read 15", requestOfParameters(), answers("post")),
    writingAndReading("write post of 6 parameters, read small", requestOfParameters(), SMALL),
  ];
}

function writing(name: string, write: () => Request): MicroCase {
  return {
    name,
    items: TIMES,
    prepare() {
      const { length } = write();
      return () => {
        let bytes = 0;
        for (let i = 0; i < TIMES; i++) bytes += write().length;
        expectCount("number of bytes written", bytes, TIMES * length);
      };
    },
  };
}

/** `messages` in turn, each in one piece as a socket gives it. */
function reading(name: string, messages: readonly Uint8Array[]): MicroCase {
  return {
    name,
    items: TIMES,
    prepare() {
      const reader = new ResponseReader();
      return () => {
        let bytes = 0;
        for (let i = 0; i < TIMES; i++) bytes += readOne(reader, "POST", messages[i % messages.length]!).bodyLength;
        expectCount("number of body bytes", bytes, TIMES * BODY.length);
      };
    },
  };
}

function lookup(name: string, field: string, value: string | null): MicroCase {
  return {
    name,
    items: TIMES,
    prepare() {
      const response = readOne(new ResponseReader(), "GET", withFields(20));
      return () => {
        let found = 0;
        for (let i = 0; i < TIMES; i++) if (response.header(field) === value) found++;
        expectCount("number of right values", found, TIMES);
      };
    },
  };
}

function writingAndReading(name: string, write: () => Request, messages: readonly Uint8Array[]): MicroCase {
  return {
    name,
    items: TIMES,
    prepare() {
      const reader = new ResponseReader();
      const { length } = write();
      return () => {
        let bytes = 0;
        for (let i = 0; i < TIMES; i++) {
          const request = write();
          bytes += request.length + readOne(reader, request.method, messages[i % messages.length]!).bodyLength;
        }
        expectCount("number of bytes", bytes, TIMES * (length + BODY.length));
      };
    },
  };
}

function readOne(reader: ResponseReader, method: string, message: Uint8Array): Response {
  reader.expect(method);
  if (reader.read(message, 0) === message.length) {
    const response = reader.next();
    if (response !== null) return response;
  }
  throw reader.failure ?? new Error("Cannot accept the run: a response is not whole");
}

function requestOfGet(): () => Request {
  const writer = new RequestWriter("api.example.com").defaultHeader("X-API-KEY", KEY);
  return () => writer.get("/api/v3/ticker/bookTicker").query("symbol", "BTCUSDT").finish();
}

/**
 * Six fields beside `Host` and `Content-Length`, each given with the request, and the body of a small order. Key and types are the same in each,
 * while time, signature, number and body are strings of their own, which were made before.
 */
function requestOfPost(): () => Request {
  const writer = new RequestWriter("api.example.com");
  const body = REQUESTS.post.body ?? "";
  const orders = Array.from({ length: DIFFERENT }, (_, index) => ({
    timestamp: String(1_672_531_200_000 + index * 37),
    signature: (index * 0x1234567).toString(16).padStart(8, "0") + KEY + KEY.slice(8),
    id: `6f1f64f8-7c4a-4a8e-9b0e-0000000000${10 + index}`,
    body: body.replace("a-0001", `a-00${10 + index}`),
  }));
  let count = 0;
  return () => {
    const order = orders[count++ % DIFFERENT]!;
    return writer
      .post("/api/v3/order")
      .header("X-API-KEY", KEY)
      .header("Content-Type", "application/json")
      .header("Accept", "application/json")
      .header("X-Timestamp", order.timestamp)
      .header("X-Signature", order.signature)
      .header("X-Request-Id", order.id)
      .body(order.body)
      .finish();
  };
}

/** The same with other names in every other request, so that nothing of the one before stands. */
function requestOfAnotherPost(): () => Request {
  const writer = new RequestWriter("api.example.com");
  const body = REQUESTS.post.body ?? "";
  const names = ["X", "Y"].map((letter) =>
    ["API-KEY", "Timestamp", "Signature", "Request-Id"].map((name) => `${letter}-${name}`),
  );
  let count = 0;
  return () => {
    const [key = "", timestamp = "", signature = "", id = ""] = names[count++ % 2]!;
    return writer
      .post("/api/v3/order")
      .header(key, KEY)
      .header("Content-Type", "application/json")
      .header("Accept", "application/json")
      .header(timestamp, "1672531200000")
      .header(signature, SIGNATURE)
      .header(id, "6f1f64f8-7c4a-4a8e-9b0e-000000000010")
      .body(body)
      .finish();
  };
}

/** The same order as six parameters; what does not change from one to the next is among the default fields. */
function requestOfParameters(): () => Request {
  const writer = new RequestWriter("api.example.com").defaultHeader("X-API-KEY", KEY);
  return () =>
    writer
      .post("/api/v3/order")
      .query("symbol", "BTCUSDT")
      .query("side", "BUY")
      .query("type", "LIMIT")
      .query("quantity", "0.00100")
      .query("price", "64000.10")
      .query("timestamp", "1672531200000")
      .finish();
}

/** The answer of a venue, with as many fields as `count`. */
function withFields(count: number): Uint8Array {
  const fields = venueFields(0, BODY.length);
  while (fields.length < count) fields.push([`X-Field-${fields.length}`, String(fields.length)]);
  return encodeMessage("HTTP/1.1 200 OK", fields, BODY);
}

const TIMES = 64;
const DIFFERENT = 16;
const KEY = "0123456789abcdef0123456789abcdef";
const SIGNATURE = KEY + KEY;
/** As long as the answers of the bench server. */
const BODY = `{"note":"${"-".repeat(69)}"}`;
const SMALL: readonly Uint8Array[] = ["NEW", "OUT"].map((state) =>
  encodeMessage(
    "HTTP/1.1 200 OK",
    [
      ["Content-Type", "application/json"],
      ["Content-Length", String(BODY.length)],
      ["X-State", state],
    ],
    BODY,
  ),
);
const CHUNKED: Uint8Array = encodeMessage(
  "HTTP/1.1 200 OK",
  [
    ["Content-Type", "application/json"],
    ["Transfer-Encoding", "chunked"],
  ],
  `20\r\n${BODY.slice(0, 32)}\r\n30\r\n${BODY.slice(32)}\r\n0\r\n\r\n`,
);
