import { dialBare } from "../contenders/bare-socket.ts";
import { BINARY, encodeFrame } from "../corpus.ts";
import { contendSeries, type OpenStream } from "./contender.ts";

const GO = encodeFrame(BINARY, new Uint8Array(2), true, new Uint8Array(4));

/** The limit: bare `Bun.connect`s that count the bytes of their chunks. */
async function dial(url: string, wireBytes: number): Promise<OpenStream> {
  const open = Promise.withResolvers<void>();
  const done = Promise.withResolvers<null>();
  let bytes = 0;
  let upgraded = false;
  const socket = await dialBare(url, null, (_, chunk) => {
    if (upgraded) {
      bytes += chunk.length;
      if (bytes >= wireBytes) done.resolve(null);
    } else {
      upgraded = true;
      open.resolve();
    }
  });
  await open.promise;
  return {
    run(): Promise<null> {
      socket.write(GO);
      return done.promise;
    },
    close: () => socket.terminate(),
  };
}

await contendSeries(dial, null);
