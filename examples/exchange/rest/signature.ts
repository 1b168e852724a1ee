import type { HttpRequest } from "../request-parser.ts";
import type { KeyRing } from "./keys.ts";
import type { Parameters } from "./parameters.ts";
import { VenueError } from "./venue-error.ts";

/**
 * Lets a signed request through, or throws what is wrong with it: the key, the signature, or the time (`now` in
 * milliseconds). The signature is over query and body as they were sent, one behind the other, without itself.
 */
export function checkSignature(request: HttpRequest, parameters: Parameters, keys: KeyRing, now: number): void {
  const apiKey = request.headers.get("x-mbx-apikey") ?? "";
  if (apiKey === "") throw new VenueError(401, -2014, "API-key format invalid.");
  if (!keys.knows(apiKey)) throw new VenueError(401, -2015, "Invalid API-key, IP, or permissions for action.");
  parameters.mandatory("timestamp");
  const timestamp = parameters.wholeNumber("timestamp") ?? 0;
  const recvWindow = parameters.wholeNumber("recvWindow") ?? 5_000;
  const signature = parameters.mandatory("signature");
  if (recvWindow > 60_000) throw new VenueError(400, -1131, "recvWindow must be less than 60000.");
  const ahead = timestamp - now;
  if (ahead >= 1_000) {
    throw new VenueError(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.");
  }
  if (-ahead > recvWindow) throw new VenueError(400, -1021, "Timestamp for this request is outside of the recvWindow.");
  if (!keys.verifies(apiKey, signedPayload(request), signature)) {
    throw new VenueError(400, -1022, "Signature for this request is not valid.");
  }
}

/** What a signature is over: query and body without the parameter `signature`. */
export function signedPayload({ query, body }: Pick<HttpRequest, "query" | "body">): Uint8Array {
  const unsignedQuery = Buffer.from(withoutSignature(query), "latin1");
  if (body.length === 0) return unsignedQuery;
  return Buffer.concat([unsignedQuery, Buffer.from(withoutSignature(Buffer.from(body).toString("latin1")), "latin1")]);
}

function withoutSignature(form: string): string {
  return form.replace(/^signature=[^&]*&?|&signature=[^&]*/, "");
}
