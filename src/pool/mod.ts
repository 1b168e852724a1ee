export { type AcquireOptions, ClientPool } from "./client-pool.ts";
export { ClientSlot } from "./client-slot.ts";
export { PoolError, type PoolErrorCode } from "./errors.ts";
export { Lease, LifoPool, type LifoPoolOptions } from "./lifo-pool.ts";
export type { ClientPoolOptions, PoolEvents, ReconnectOptions } from "./options.ts";
export type { PoolStats } from "./pool-stats.ts";
