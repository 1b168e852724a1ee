import { checkAnswer, contendRequests } from "./contender.ts";

/** Bun's `fetch`, which keeps the connection itself. */
await contendRequests(async (task, ca) => {
  const { method, path, headers, body } = task.request;
  const url = `${task.origin}${path}`;
  const init = {
    method,
    headers: { ...headers },
    ...(body === null ? {} : { body }),
    ...(ca === null ? {} : { tls: { ca } }),
  };
  return {
    async request() {
      const response = await fetch(url, init);
      return { status: response.status, bodyLength: (await response.arrayBuffer()).byteLength };
    },
    check: ({ status, bodyLength }) => checkAnswer(task, status, bodyLength),
  };
});
