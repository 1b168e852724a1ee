import { FrameReader, plainMemory, type RingMemory, type Role } from "../../src/codec/mod.ts";
import { mirroredMemory } from "../../src/ffi/mirrored-memory.ts";
import { frameBlock, mixedBlock, type PayloadKind } from "../corpus.ts";
import { expectCount, type MicroCase } from "./case.ts";

/**
 * Frames read in memory: fed in chunks of 256 KiB as a socket gives them, which the kernel has just written and the processor's second cache
 * so still holds, copied into the ring, walked to the last message.
 * A client reads unmasked frames, a server masked ones. Mirrored memory, but for the cases that say plain.
 */
export function frameReading(): readonly MicroCase[] {
  return [
    reading("client", "binary", 40),
    reading("client", "binary", 128),
    reading("client", "binary", 512),
    reading("client", "ascii", 128),
    reading("client", "wide", 128),
    reading("server", "binary", 40),
    reading("server", "binary", 128),
    reading("server", "binary", 512),
    reading("server", "ascii", 128),
    reading("server", "wide", 128),
    reading("client", "binary", 40, true),
    reading("client", "ascii", 128, true),
  ];
}

/** Reads every kind and size of message, both roles and both memories, so that no figure is one of a process that knows but one frame. */
export function readEverything(repeat: number): void {
  for (const role of ["client", "server"] as const) {
    const { bytes, payloads } = mixedBlock(role === "server");
    for (const plain of [false, true]) {
      const reader = createReader(role, plain);
      let messages = 0;
      let characters = 0;
      for (let i = 0; i < repeat; i++) {
        for (let offset = 0; offset < bytes.length; ) {
          offset += reader.read(bytes.subarray(offset, offset + CHUNK_BYTES));
          for (let message = reader.next(); message !== null; message = reader.next()) {
            if (message.kind === "text") characters += message.text().length;
            if (message.kind === "text" || message.kind === "binary") messages++;
          }
        }
      }
      if (reader.failure !== null) throw reader.failure;
      expectCount("number of mixed messages", messages, payloads.length * repeat);
      if (characters === 0) throw new Error("Cannot accept the run: no text was read");
    }
  }
}

function reading(role: Role, kind: PayloadKind, size: number, plain = false): MicroCase {
  const masked = role === "server";
  const block = (): ReturnType<typeof frameBlock> => frameBlock(kind, size, STREAM_BYTES, masked);
  const frames = Math.ceil(STREAM_BYTES / (size + (size < 126 ? 2 : 4) + (masked ? 4 : 0)));
  return {
    name: `${size} ${kind}${masked ? " masked" : ""}${plain ? " plain ring" : ""}`,
    items: frames,
    prepare() {
      const { bytes } = block();
      const chunks: Uint8Array[] = [];
      for (let pos = 0; pos < bytes.length; pos += CHUNK_BYTES) chunks.push(bytes.slice(pos, pos + CHUNK_BYTES));
      const reader = createReader(role, plain);
      return () => {
        const { messages, payloadBytes } = readChunks(reader, chunks);
        expectCount("number of messages", messages, frames);
        expectCount("number of payload bytes", payloadBytes, frames * size);
      };
    },
  };
}

function readChunks(reader: FrameReader, chunks: readonly Uint8Array[]): { messages: number; payloadBytes: number } {
  let messages = 0;
  let payloadBytes = 0;
  for (const chunk of chunks) {
    let offset = 0;
    while (offset < chunk.length) {
      offset += reader.read(chunk, offset);
      for (let message = reader.next(); message !== null; message = reader.next()) {
        messages++;
        payloadBytes += message.end - message.start;
      }
    }
  }
  return { messages, payloadBytes };
}

function createReader(role: Role, plain: boolean): FrameReader {
  const memory: RingMemory | null = plain ? plainMemory(RING_BYTES) : mirroredMemory(RING_BYTES);
  return new FrameReader({ role, bufferCapacity: RING_BYTES, ...(memory === null ? {} : { memory }) });
}

const CHUNK_BYTES = 256 << 10;
const RING_BYTES = 1 << 20;
/** Two chunks. Of eight, what is measured would be the way from memory. */
const STREAM_BYTES = 2 * CHUNK_BYTES;
