import { NexusError } from "../codec/errors.ts";

/** The codes of {@link PoolError}. */
export type PoolErrorCode =
  /** `close()` or `destroy()` was called: nothing can be acquired, and who waited was told so. */
  | "POOL_CLOSED"
  /** No slot came free within the `timeout` of `acquire`; `cause` is the last connect error, where there was one. */
  | "POOL_ACQUIRE_TIMEOUT"
  /** The `signal` of `acquire` fired; `cause` is its reason. */
  | "POOL_ACQUIRE_ABORTED"
  /** `acquire({ timeout: 0 })` found every slot in use. */
  | "POOL_EXHAUSTED"
  /** What was released, or used, is not acquired: it was released before. */
  | "POOL_NOT_ACQUIRED"
  /** The server ended a fresh connection before it carried a request; the next attempt waits as after any that failed. */
  | "POOL_CONNECTION_SHORT_LIVED"
  /** The handle was taken before, or is another Worker's; or its slot came back since. */
  | "POOL_LEASE_STALE"
  /** The pool does not watch the Worker: it would not notice if it died, and so lends it nothing. */
  | "POOL_WORKER_UNWATCHED"
  /** All the Workers that a pool can watch are watched. */
  | "POOL_TOO_MANY_WORKERS"
  /** A Worker's request is another writer's, streams its body, or asks for another protocol. */
  | "POOL_REQUEST_NOT_SHAREABLE"
  /** The answer to a Worker's request does not fit the memory that it shares with the pool; the server has acted on the request. */
  | "POOL_RESPONSE_TOO_LARGE"
  /** Somebody else acquires: a second pool over the same memory, or a listener within `tryAcquire`. */
  | "POOL_SECOND_ACQUIRER";

/** A pool could not give what was asked of it, or was given back what it had not lent. */
export class PoolError extends NexusError {
  declare readonly code: PoolErrorCode;
}

/** Why `acquire` gives no slot. @internal */
export function notAcquired(code: PoolErrorCode, detail: string, cause: unknown = null): PoolError {
  return new PoolError(code, `Cannot acquire slot: ${detail}`, cause === null ? undefined : { cause });
}
