import { UpgradeResponseReader, upgradeRequestText } from "../../src/codec/mod.ts";
import { expectCount, type MicroCase } from "./case.ts";

/** A client's opening handshake: its request as text, and the judgement of the 101. */
export function handshake(): readonly MicroCase[] {
  return [
    {
      name: "request",
      items: 1,
      prepare() {
        const request = {
          authority: "stream.example.com:9443",
          target: "/stream?streams=btcusdt@depth/ethusdt@depth",
          key: "dGhlIHNhbXBsZSBub25jZQ==",
          protocols: [],
          headers: [
            ["User-Agent", "bench"],
            ["Authorization", "Bearer 0123456789abcdef"],
          ] as const,
        };
        const { length } = upgradeRequestText(request);
        return () => expectCount("length of the request", upgradeRequestText(request).length, length);
      },
    },
    {
      name: "response",
      items: 1,
      prepare() {
        const response = new TextEncoder().encode(RESPONSE);
        const expectation = { accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", protocols: [] };
        return () => {
          const reader = new UpgradeResponseReader(expectation);
          expectCount("number of bytes taken", reader.read(response), response.length);
          if (reader.outcome?.open !== true) throw new Error("Cannot accept the run: the response was refused");
        };
      },
    },
  ];
}

const RESPONSE =
  "HTTP/1.1 101 Switching Protocols\r\nServer: bench\r\nDate: Sun, 01 Jan 2023 00:00:00 GMT\r\n" +
  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
