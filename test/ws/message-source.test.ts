import { describe, expect, test } from "bun:test";
import type { Message } from "../../src/codec/ws/message.ts";
import { handlerFor, sourceOf } from "../../src/ws/message-source.ts";
import { type WsOptions, wsSettings } from "../../src/ws/options.ts";
import { WsSession } from "../../src/ws/session.ts";
import { joined, utf8 } from "../helpers/bytes.ts";
import { frameBytes } from "../helpers/frames.ts";
import { ScriptedTransport } from "../helpers/scripted-transport.ts";

function sessionWith(options: WsOptions): WsSession {
  return new WsSession(new ScriptedTransport(), "client", wsSettings(options));
}

test("where nothing was asked for, nothing stands between session and program", () => {
  const session = sessionWith({});
  const handlers = {};
  expect(sourceOf(session)).toBe(session);
  expect(handlerFor(handlers, session)).toBe(handlers);
});

describe.each([
  [{ heartbeat: { match: "hb" } }, ["a", "b"]],
  [{ latency: true }, ["a", "hb", "b"]],
  [{ heartbeat: { match: "hb" }, latency: true }, ["a", "b"]],
] as [WsOptions, string[]][])("with %o", (options, wanted) => {
  test("what is pulled is what the program is to get, and is counted", () => {
    const session = sessionWith(options);
    session.inbox.receive(joined(["a", "hb", "b"].map(text)));
    const source = sourceOf(session);
    const texts: string[] = [];
    for (let message = source.next(); message !== null; message = source.next()) texts.push(message.text());
    expect(texts).toEqual(wanted);
    expect(session.recorder?.handler.count).toBe(options.latency === true ? wanted.length : undefined);
  });

  test("so is what is pushed; the handler is called on its own object, and for its owner", () => {
    const session = sessionWith(options);
    session.inbox.receive(joined(["a", "hb", "b"].map(text)));
    const owner = {};
    const handlers = {
      texts: [] as string[],
      message(whose: unknown, message: Message): void {
        expect(whose).toBe(owner);
        this.texts.push(message.text());
      },
    };
    const handler = handlerFor(handlers, session);
    for (let message = session.next(); message !== null; message = session.next()) handler.message?.(owner, message);
    expect(handlers.texts).toEqual(wanted);
    expect(session.recorder?.handler.count).toBe(options.latency === true ? wanted.length : undefined);
  });
});

function text(content: string): Uint8Array {
  return frameBytes({ opcode: 1, payload: utf8(content) });
}
