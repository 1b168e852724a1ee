import { FrameWriter, type Role, WriteBuffer } from "../../src/codec/mod.ts";
import { type PayloadKind, SeededRandom, seededPayload } from "../corpus.ts";
import { expectCount, type MicroCase } from "./case.ts";

/** Frames written into a write buffer; a client's are masked with keys that cost nothing here. */
export function encoding(): readonly MicroCase[] {
  return [
    writing("client", "binary", 40),
    writing("client", "binary", 128),
    writing("client", "binary", 512),
    writing("client", "ascii", 40),
    writing("client", "ascii", 128),
    writing("client", "wide", 128),
    writing("server", "binary", 40),
    writing("server", "ascii", 128),
  ];
}

function writing(role: Role, kind: PayloadKind, size: number): MicroCase {
  return {
    name: `${size} ${kind}${role === "client" ? " masked" : ""}`,
    items: FRAMES,
    prepare() {
      const payload = seededPayload(new SeededRandom(size), kind, size);
      const text = kind === "binary" ? null : new TextDecoder().decode(payload);
      const out = new WriteBuffer(256 << 10);
      const writer = new FrameWriter(role === "client" ? { role, maskKeys: new CountedKeys() } : { role });
      const frameLength = size + (size < 126 ? 2 : 4) + (role === "client" ? 4 : 0);
      return () => {
        out.clear();
        for (let i = 0; i < FRAMES; i++) {
          if (text === null) writer.binary(out, payload);
          else writer.text(out, text);
        }
        expectCount("number of bytes written", out.length, FRAMES * frameLength);
      };
    },
  };
}

class CountedKeys {
  #key = 0x12345678;

  next(): number {
    this.#key = (this.#key + 0x9e3779b9) | 0;
    return this.#key;
  }
}

const FRAMES = 256;
