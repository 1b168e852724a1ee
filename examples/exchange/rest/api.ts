import type { Answer } from "../answer.ts";
import { errorAnswer } from "../answer.ts";
import type { HttpRequest } from "../request-parser.ts";
import type { KeyRing } from "./keys.ts";
import { Parameters } from "./parameters.ts";
import type { RateLimits } from "./rate-limits.ts";
import { type Route, routesOf, type Venue } from "./routes.ts";
import { checkSignature } from "./signature.ts";
import { VenueError } from "./venue-error.ts";

/** What the venue answers to requests, without a socket. */
export class RestApi {
  readonly #venue: Venue;
  readonly #keys: KeyRing;
  readonly #limits: RateLimits;

  constructor(venue: Venue, keys: KeyRing, limits: RateLimits) {
    this.#venue = venue;
    this.#keys = keys;
    this.#limits = limits;
  }

  /** The answer to a request from `address` at `now`, in milliseconds of the day. HEAD is answered as GET is. */
  answer(request: HttpRequest, address: string, now: number): Answer {
    const routes = routesOf(request.path);
    const route = routes?.[request.method === "HEAD" ? "GET" : request.method] ?? null;
    const answer = this.#judge(request, route, address, now);
    const headers: Record<string, string> = { "X-MBX-USED-WEIGHT-1M": `${this.#limits.usedWeight(address, now)}` };
    if (routes !== null && route === null) headers["Allow"] = allowed(Object.keys(routes));
    if (route?.isOrder) {
      const apiKey = request.headers.get("x-mbx-apikey") ?? "";
      headers["X-MBX-ORDER-COUNT-10S"] = `${this.#limits.orderCount(apiKey, now)}`;
    }
    return { ...answer, headers: { ...headers, ...answer.headers } };
  }

  #judge(request: HttpRequest, route: Route | null, address: string, now: number): Answer {
    const { method, path } = request;
    const parameters = new Parameters(request);
    try {
      if (route === null) {
        this.#limits.weigh(address, 1, now);
        const status = routesOf(path) === null ? 404 : 405;
        return errorAnswer(status, -5000, `Path ${path}, Method ${method} is invalid`);
      }
      this.#limits.weigh(address, route.weight(parameters), now);
      if (route.isSigned) checkSignature(request, parameters, this.#keys, now);
      if (route.isOrder) this.#limits.countOrder(request.headers.get("x-mbx-apikey") ?? "", now);
      return { status: 200, body: route.run(this.#venue, parameters, now) };
    } catch (error) {
      if (error instanceof VenueError) return error.answer;
      throw error;
    }
  }
}

/** Where there is GET there is HEAD. */
function allowed(methods: readonly string[]): string {
  return methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
}
