import { describe, expect, test } from "bun:test";
import { ConnectDialogue } from "../../src/socket/connect-dialogue.ts";
import { splitsOf } from "../helpers/splits.ts";
import { bytesOf } from "./support.ts";

const HEADERS = [
  ["Proxy-Authorization", "Basic dTpw"],
  ["X-Desk", "7"],
] as const;

test("the request, as RFC 9112 section 3.2.3 has it", () => {
  const { message } = new ConnectDialogue({ authority: "venue.example:443", headers: HEADERS });
  expect(String(message)).toBe(
    "CONNECT venue.example:443 HTTP/1.1\r\nHost: venue.example:443\r\nProxy-Authorization: Basic dTpw\r\nX-Desk: 7\r\n\r\n",
  );
});

const LONGEST = 16 << 10;

/** A whole head of `size` bytes. */
function headOf(size: number, line = "HTTP/1.1 200 OK"): string {
  const around = `${line}\r\nX: \r\n\r\n`.length;
  return `${line}\r\nX: ${"a".repeat(size - around)}\r\n\r\n`;
}

describe("a tunnel", () => {
  test.each([
    ["200", "HTTP/1.1 200 Connection established\r\n\r\n"],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\nProxy-agent: some/1.0\r\n\r\n"],
    ["any 2xx, without a reason", "HTTP/1.1 299\r\n\r\n"],
    [
      "a body announced, which a 2xx cannot have",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    [
      "interim responses before it",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
    ["a head of 16 KiB", headOf(LONGEST)],
  ])("after %s, whose next bytes are its own", (_, head) => {
    const tail = "SSH-2.0-first\r\n\r\nHTTP/1.1 400 no head\r\n\r\n";
    for (const chunks of splitsOf(bytesOf(head + tail))) {
      const dialogue = new ConnectDialogue({ authority: "h:1", headers: [] });
      let passed = "";
      for (const chunk of chunks) {
        if (dialogue.outcome?.open) passed += String(Buffer.from(chunk));
        else dialogue.read(chunk);
      }
      const { outcome } = dialogue;
      if (outcome?.open !== true)
        throw new Error(`${JSON.stringify(outcome)} with chunks of ${chunks.map((c) => c.length)}`);
      expect(Buffer.from(outcome.rest).toString() + passed).toBe(tail);
    }
  });

  test("may begin with more than the head's buffer holds", () => {
    const dialogue = new ConnectDialogue({ authority: "h:1", headers: [] });
    const rest = "x".repeat(500_000);
    dialogue.read(bytesOf(`HTTP/1.1 200 OK\r\n\r\n${rest}`));
    expect(dialogue.outcome?.open === true && Buffer.from(dialogue.outcome.rest).equals(Buffer.from(rest))).toBe(true);
  });
});

describe("a refusal", () => {
  const BODY = "<p>not you</p>";

  test.each([
    ["403", `HTTP/1.1 403 Filtered\r\nContent-Length: 14\r\n\r\n${BODY}`, "PROXY_REFUSED", 403, "Filtered", BODY],
    [
      "502 without a body",
      "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
      "PROXY_REFUSED",
      502,
      "Bad Gateway",
      "",
    ],
    ["a redirect, which nobody follows", "HTTP/1.1 302\r\nContent-Length: 0\r\n\r\n", "PROXY_REFUSED", 302, "", ""],
    [
      "101, which nobody asked for",
      "HTTP/1.1 101 Switching\r\nContent-Length: 0\r\n\r\n",
      "PROXY_REFUSED",
      101,
      "Switching",
      "",
    ],
    ["401", `HTTP/1.1 401 Who\r\nContent-Length: 14\r\n\r\n${BODY}`, "PROXY_AUTH_FAILED", 401, "Who", BODY],
    ["407", `HTTP/1.1 407 Who\r\nContent-Length: 14\r\n\r\n${BODY}`, "PROXY_AUTH_FAILED", 407, "Who", BODY],
    [
      "a body beyond 4 KiB",
      `HTTP/1.1 500 E\r\nContent-Length: 9999\r\n\r\n${"é".repeat(5000)}`,
      "PROXY_REFUSED",
      500,
      "E",
      "é".repeat(2048),
    ],
    [
      "no length, and 4 KiB of it",
      `HTTP/1.1 500 E\r\n\r\n${"a".repeat(5000)}`,
      "PROXY_REFUSED",
      500,
      "E",
      "a".repeat(4096),
    ],
    [
      "a length that is none",
      `HTTP/1.1 500 E\r\nContent-Length: -1\r\n\r\n${"a".repeat(5000)}`,
      "PROXY_REFUSED",
      500,
      "E",
      "a".repeat(4096),
    ],
    [
      "a long reason",
      `HTTP/1.1 500 ${"r".repeat(500)}\r\nContent-Length: 0\r\n\r\n`,
      "PROXY_REFUSED",
      500,
      "r".repeat(100),
      "",
    ],
  ] as const)("by %s", (_, answer, code, status, reason, body) => {
    for (const chunks of splitsOf(bytesOf(answer))) {
      const dialogue = new ConnectDialogue({ authority: "h:1", headers: [] });
      for (const chunk of chunks) if (dialogue.outcome === null) dialogue.read(chunk);
      expect(dialogue.outcome).toMatchObject({ open: false, code, status, reason, body });
    }
  });

  test("without a length ends with the connection; a shorter body than announced is what is told", () => {
    for (const head of ["", "Content-Length: 4000\r\n"]) {
      const dialogue = new ConnectDialogue({ authority: "h:1", headers: [] });
      dialogue.read(bytesOf(`HTTP/1.1 403 No\r\n${head}\r\nbeca`));
      expect([dialogue.outcome, dialogue.refused]).toEqual([null, true]);
      dialogue.read(bytesOf("use"));
      dialogue.eof();
      expect(dialogue.outcome).toMatchObject({ code: "PROXY_REFUSED", status: 403, body: "because" });
      expect(dialogue.refused).toBe(false);
    }
  });

  test("by 407 says whether a user name was given", () => {
    const say = (headers: typeof HEADERS | []): string => {
      const dialogue = new ConnectDialogue({ authority: "h:1", headers });
      dialogue.read(bytesOf("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"));
      return dialogue.outcome?.open === false ? dialogue.outcome.detail : "";
    };
    expect(say([])).toContain("it wants a user name and password");
    expect(say(HEADERS)).toContain("it does not accept the authorization given");
    expect(say(HEADERS)).not.toContain("dTpw");
  });
});

describe("an answer that is none", () => {
  test.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP_STATUS_LINE"],
    ["HTTP/2", "HTTP/2.0 200 OK\r\n", "HTTP_VERSION"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n", "HTTP_STATUS_LINE"],
    ["a status of four digits", "HTTP/1.1 2000 OK\r\n", "HTTP_STATUS_LINE"],
    ["a status under 100", "HTTP/1.1 099 OK\r\n", "HTTP_STATUS_LINE"],
    ["a request", "GET / HTTP/1.1\r\n", "HTTP_STATUS_LINE"],
    ["a bare line feed", "HTTP/1.1 200 OK\n", "HTTP_BARE_LF"],
    ["a bare carriage return", "HTTP/1.1 200 OK\r\nA: b\rc", "HTTP_BARE_CR"],
    ["a fold", "HTTP/1.1 200 OK\r\nA: b\r\n c", "HTTP_OBSOLETE_FOLD"],
    ["binary", "\0\0\0\0", "HTTP_CONTROL_CHARACTER"],
    ["a TLS alert", "\x15\x03\x03\0\x02", "HTTP_CONTROL_CHARACTER"],
    ["a head over 16 KiB", headOf(LONGEST + 1), "HTTP_HEAD_TOO_LARGE"],
    [
      "heads over 16 KiB together",
      `${headOf(LONGEST, "HTTP/1.1 103 E")}HTTP/1.1 200 OK\r\n\r\n`,
      "HTTP_HEAD_TOO_LARGE",
    ],
    ["interim heads without end", "HTTP/1.1 103 E\r\n\r\n".repeat(2000), "HTTP_HEAD_TOO_LARGE"],
    ["a line without end", "HTTP/1.1 200 ".padEnd(LONGEST + 1, "x"), "HTTP_HEAD_TOO_LARGE"],
    ["129 fields", `HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(129)}\r\n`, "HTTP_TOO_MANY_HEADERS"],
  ])("%s is PROXY_BAD_ANSWER as soon as it shows", (_, answer, fault) => {
    for (const chunks of splitsOf(bytesOf(answer))) {
      const dialogue = new ConnectDialogue({ authority: "h:1", headers: [] });
      for (const chunk of chunks) if (dialogue.outcome === null) dialogue.read(chunk);
      const { outcome } = dialogue;
      expect(outcome).toMatchObject({ open: false, code: "PROXY_BAD_ANSWER" });
      expect(outcome?.open === false && outcome.detail).toContain(fault);
    }
  });
});

test("an end at each byte of an answer is PROXY_CUT", () => {
  const answer = bytesOf("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n");
  for (let length = 0; length < answer.length; length++) {
    const dialogue = new ConnectDialogue({ authority: "h:1", headers: [] });
    dialogue.read(answer.subarray(0, length));
    expect(dialogue.outcome).toBeNull();
    dialogue.eof();
    expect(dialogue.outcome).toMatchObject({ open: false, code: "PROXY_CUT" });
    expect(dialogue.outcome).toHaveProperty(
      "detail",
      `the proxy ended the connection after ${length} bytes of its answer`,
    );
  }
});
