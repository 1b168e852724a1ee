import { type Request, RequestWriter, type Response, ResponseReader } from "../../src/codec/mod.ts";
import { HttpConnection } from "../../src/http/mod.ts";
import { TlsConfig } from "../../src/socket/mod.ts";
import { checkAnswer, type RequestClient } from "./contender.ts";
import { REQUESTS, type RequestKind } from "./messages.ts";
import type { RequestTask } from "./task.ts";

/** `HttpConnection`; each request is written anew. */
export async function dialOurClient(task: RequestTask, ca: string | null): Promise<RequestClient<Response>> {
  const write = requestWriting(task.kind, new URL(task.origin).host);
  const reader = new ResponseReader();
  const options = ca === null ? {} : { tls: new TlsConfig({ ca }) };
  const connection = await HttpConnection.connect(task.origin, options);
  return {
    request: () => connection.send(write(), reader),
    check: (response) => checkAnswer(task, response.status, response.bodyLength),
  };
}

/** Writes the request and reads the answer given, both in memory; returns the length of its body. */
export function writeAndRead(task: RequestTask): (answer: Uint8Array) => number {
  const write = requestWriting(task.kind, "127.0.0.1");
  const reader = new ResponseReader();
  return (answer) => {
    reader.expect(write().method);
    const taken = reader.read(answer, 0);
    const response = reader.next();
    return taken === answer.length && response?.status === 200 ? response.bodyLength : -1;
  };
}

/** Writes the request as a program would: what all have in common among the default fields, the rest each time. */
export function requestWriting(kind: RequestKind, host: string): () => Request {
  const { path, headers, body } = REQUESTS[kind];
  const { "X-API-KEY": key = "", "Content-Type": contentType = "" } = headers;
  const writer = new RequestWriter(host).defaultHeader("X-API-KEY", key);
  if (body === null) return () => writer.get(path).finish();
  return () => writer.post(path).header("Content-Type", contentType).body(body).finish();
}
