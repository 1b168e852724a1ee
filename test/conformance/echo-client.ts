/**
 * Our client for the fuzzing server of the public suite: `bun test/conformance/echo-client.ts URL AGENT [--deflate]`. Asks for the number of cases,
 * echoes through each, and has the reports written.
 */
import { WsConnection, WsStream } from "../../src/ws/mod.ts";
import { ECHO, echoArguments, echoOptions } from "./echo.ts";

const { words, deflate } = echoArguments(2, "bun test/conformance/echo-client.ts URL AGENT [--deflate]");
const [url = "", agent = ""] = words;
const origin = url.replace(/\/$/, "");
const named = `agent=${encodeURIComponent(agent)}`;

await using asked = await WsStream.connect(`${origin}/getCaseCount`);
const count = Number((await asked.recv())?.text());
for (let number = 1; number <= count; number++) {
  try {
    const ws = await WsConnection.connect(`${origin}/runCase?case=${number}&${named}`, ECHO, echoOptions(deflate));
    await ws.closed;
  } catch (error) {
    console.error(`case ${number}: ${error}`);
  }
}
const reports = await WsStream.connect(`${origin}/updateReports?${named}`);
await reports.closed;
console.log(`${count} cases run`);
