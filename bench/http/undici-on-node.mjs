// `undici` under Node, in a process of its own: Bun replaces the package by one of its own when it is imported there.
import { Client } from "undici";
import { contendRequests } from "./contender.mjs";

await contendRequests((task, ca) => {
  const client = new Client(task.origin, ca === null ? {} : { connect: { ca } });
  const { method, path, headers, body } = task.request;
  return async () => {
    const { statusCode, body: answer } = await client.request({ method, path, headers, body });
    return { status: statusCode, bodyLength: (await answer.arrayBuffer()).byteLength };
  };
});
