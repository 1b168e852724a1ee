import { Puppet } from "./puppet.ts";
import { readParameters } from "./task.ts";

/** Bun's own `WebSocket`, whose parameters cannot be chosen: 15 bits, taken over, zlib's default level, 860 bytes and more are compressed. */
const ws = new WebSocket(readParameters().url ?? "");
const puppet = new Puppet((text) => ws.send(text));
ws.onmessage = ({ data }: MessageEvent<string>) => puppet.take(data);
