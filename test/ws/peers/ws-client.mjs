/**
 * A client on the package `ws`, under Node: Bun has a shim of its own in its place. It runs the case that its arguments name against the URL
 * in them, trusts the authority whose file comes third, and prints what it saw as one JSON object.
 */
import { readFileSync } from "node:fs";
import { WebSocket } from "ws";

const [name = "", url = "", authority = ""] = process.argv.slice(2);
const options = { perMessageDeflate: true, maxPayload: 64 << 20, ca: readFileSync(authority) };
const SIZES = [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 1000, 4095, 4096, 65_535, 65_536, 65_537, 200_000, 3_000_000];

const opened = (ws) => new Promise((resolve, reject) => ws.on("open", resolve).on("error", reject));
const closed = (ws) =>
  new Promise((resolve) => ws.on("close", (code, reason) => resolve({ code, reason: String(reason) })));
const next = (ws, event = "message") => new Promise((resolve) => ws.once(event, (...args) => resolve(args)));

const CASES = {
  async echo() {
    const ws = new WebSocket(`${url}echo?a=1`, ["v2", "v1"], { ...options, headers: { "X-Key": "secret" } });
    await opened(ws);
    let same = 0;
    for (const size of SIZES) {
      const sent = size % 2 === 0 ? Buffer.alloc(size, "nexus") : "é".repeat(size);
      ws.send(sent);
      const [data, binary] = await next(ws);
      if (binary === (size % 2 === 0) && Buffer.compare(data, Buffer.from(sent)) === 0) same++;
    }
    ws.close(4001, "done");
    return { protocol: ws.protocol, extensions: ws.extensions, same, of: SIZES.length, ...(await closed(ws)) };
  },
  async fragments() {
    const ws = new WebSocket(`${url}echo`, options);
    await opened(ws);
    for (let count = 5; count > 0; count--) {
      ws.send(`part ${count},`, { fin: count === 1 });
      if (count % 2 === 0) ws.ping("within");
    }
    const pong = next(ws, "pong");
    const [data] = await next(ws);
    const [payload] = await pong;
    ws.close();
    return { text: String(data), pong: String(payload), ...(await closed(ws)) };
  },
  async flood() {
    const ws = new WebSocket(`${url}echo`, options);
    await opened(ws);
    const all = new Promise((resolve) => {
      let count = 0;
      ws.on("message", (data) => {
        if (String(data) !== `count ${count}`) resolve(`${data} where count ${count} was next`);
        if (++count === 20_000) resolve("all");
      });
    });
    for (let count = 0; count < 20_000; count++) ws.send(`count ${count}`);
    const result = await all;
    ws.terminate();
    return { result };
  },
  async asked() {
    const ws = new WebSocket(`${url}ask`, options);
    const pinged = next(ws, "ping");
    await opened(ws);
    const [payload] = await pinged;
    return { ping: String(payload), ...(await closed(ws)) };
  },
  async refused() {
    const ws = new WebSocket(`${url}refuse`, options);
    return new Promise((resolve) => {
      ws.on("unexpected-response", (_, response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode, retry: response.headers["retry-after"], body }),
        );
      });
    });
  },
};

console.log(JSON.stringify(await CASES[name]()));
process.exit(0);
