import { contendSeries, type OpenStream } from "./contender.ts";

/** Bun's own `WebSocket`, which counts. */
async function dial(url: string): Promise<OpenStream> {
  const open = Promise.withResolvers<void>();
  const done = Promise.withResolvers<number>();
  const ws = new WebSocket(url);
  let messages = 0;
  ws.onopen = () => open.resolve();
  ws.onerror = () => open.reject(new Error(`Cannot connect Bun's WebSocket to ${url}`));
  ws.onmessage = ({ data }: MessageEvent<string | Uint8Array>) => {
    if (typeof data !== "string") messages++;
    else if (data.startsWith("end ")) done.resolve(messages);
  };
  await open.promise;
  return {
    run(): Promise<number> {
      ws.send("go");
      return done.promise;
    },
    close: () => ws.terminate(),
  };
}

await contendSeries(dial, async (url) => {
  const stream = await dial(url);
  await stream.run();
  stream.close();
});
