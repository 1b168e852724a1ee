import { checkAnswer, type RequestClient } from "./contender.ts";
import { encodeRequest } from "./messages.ts";
import type { RequestTask } from "./task.ts";

/** A bare `Bun.connect`: bytes prepared before, one `data` awaited with a promise a request; looks at length and status of the answer. */
export async function dialBareClient(task: RequestTask, ca: string | null): Promise<RequestClient<void>> {
  const { hostname, port, host } = new URL(task.origin);
  const request = encodeRequest(task.kind, host);
  const ready = Promise.withResolvers<void>();
  let received = 0;
  let status = 0;
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const settlers = (onAnswer: () => void, onError: (error: Error) => void): void => {
    resolve = onAnswer;
    reject = onError;
  };
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    ...(ca === null ? {} : { tls: { ca } }),
    socket: {
      open() {
        if (ca === null) ready.resolve();
      },
      handshake(_socket, authorized, error) {
        if (authorized) ready.resolve();
        else ready.reject(error ?? new Error("Cannot verify the bench server's certificate"));
      },
      data(_socket, chunk) {
        if (received === 0) status = chunk[STATUS_AT]!;
        received += chunk.length;
        if (received < task.wireBytes) return;
        resolve();
      },
      close() {
        reject(new Error("Cannot accept the run: the connection ended"));
      },
    },
  });
  await ready.promise;
  return {
    request() {
      received = 0;
      socket.write(request, 0, request.length);
      return new Promise<void>(settlers);
    },
    check() {
      const headLength = task.wireBytes - task.bodyLength;
      checkAnswer(task, status === DIGIT_TWO ? 200 : 0, received - headLength);
    },
  };
}

const STATUS_AT = 9;
const DIGIT_TWO = 0x32;
