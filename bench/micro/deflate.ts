import { COMPRESSED, FrameReader, FrameWriter, MessageDeflater, Opcode, WriteBuffer } from "../../src/codec/mod.ts";
import { mirroredMemory } from "../../src/ffi/mirrored-memory.ts";
import { deflateStream, inflateStream } from "../../src/ws/deflate-zlib.ts";
import { BOOKS, booksOf } from "../deflate/books.ts";
import { expectCount, type MicroCase } from "./case.ts";

/** Books as messages of a feed, compressed by level with the window taken over, and read again. */
export function deflate(): readonly MicroCase[] {
  return [
    ...[676, 20 << 10].flatMap((size) => [
      compressing(size, 1),
      compressing(size, 6),
      reading(size, 1),
      reading(size, 6),
    ]),
    reading(676, 0),
  ];
}

function compressing(size: number, level: number): MicroCase {
  return {
    name: `compress ${size} level ${level}`,
    items: BOOKS,
    prepare() {
      const books = booksOf(size);
      const deflater = deflaterAt(level);
      return () => {
        let bytes = 0;
        for (const book of books) bytes += deflater.deflate(book)?.length ?? 0;
        if (bytes === 0 || bytes > size * BOOKS * 0.6)
          throw new Error(`Cannot accept the run: ${bytes} bytes came out`);
      };
    },
  };
}

/** Level 0 here means that nothing is compressed: what reading costs without. */
function reading(size: number, level: number): MicroCase {
  return {
    name: level === 0 ? `read ${size} plain` : `read ${size} level ${level}`,
    items: BOOKS,
    prepare() {
      const deflater = level === 0 ? null : deflaterAt(level);
      const writer = new FrameWriter({ role: "server" });
      const out = new WriteBuffer(size * BOOKS);
      for (const book of booksOf(size)) {
        const payload = deflater?.deflate(book) ?? null;
        if (payload === null) writer.frame(out, Opcode.TEXT, book, true);
        else writer.frame(out, Opcode.TEXT | COMPRESSED, payload, true);
      }
      const stream = out.bytes.slice(out.head, out.tail);
      const inflate = { windowBits: 15, contextTakeover: true, open: inflateStream };
      const reader = new FrameReader({ role: "client", memory: mirroredMemory(RING_BYTES), inflate, debug: false });
      return () => {
        // The stream begins anew, and with it the window.
        reader.reset();
        let bytes = 0;
        for (let pos = 0; pos < stream.length; ) {
          pos += reader.read(stream, pos);
          for (let message = reader.next(); message !== null; message = reader.next()) bytes += message.length;
        }
        expectCount("number of inflated bytes", bytes, size * BOOKS);
      };
    },
  };
}

function deflaterAt(level: number): MessageDeflater {
  const open = (bits: number): ReturnType<typeof deflateStream> => deflateStream(bits, { level, memLevel: 8 });
  return new MessageDeflater({ windowBits: 15, contextTakeover: true, open });
}

const RING_BYTES = 4 << 20;
