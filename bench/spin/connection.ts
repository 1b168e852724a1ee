import { type Response, ResponseReader } from "../../src/codec/mod.ts";
import { TlsConfig } from "../../src/socket/mod.ts";
import { SpinHttpConnection } from "../../src/spin/mod.ts";
import { checkAnswer, contendRequests, type RequestClient } from "../http/contender.ts";
import { requestWriting } from "../http/our-client.ts";
import type { RequestTask } from "../http/task.ts";

/** `SpinHttpConnection`; each request is written anew. The promise is the bench's, not the connection's. */
async function dial(task: RequestTask, ca: string | null): Promise<RequestClient<Response>> {
  const write = requestWriting(task.kind, new URL(task.origin).host);
  const reader = new ResponseReader();
  const tls = ca === null ? {} : { tls: new TlsConfig({ ca }) };
  const connection = await SpinHttpConnection.connect(task.origin, { ...tls, wait: "spin" });
  return {
    request: () => Promise.resolve(connection.send(write(), reader)),
    check: (response) => checkAnswer(task, response.status, response.bodyLength),
  };
}

await contendRequests(dial);
