/**
 * Where a connection stands.
 *
 * - `idle`: it can carry a request; a byte or a FIN that comes now ends it at once
 * - `busy`: a request is in flight
 * - `streaming`: the head of its response was given, its body is being read
 * - `upgraded`: the bytes belong to another protocol; take them with `release()`
 * - `closed`: it carries no request any more
 */
export type HttpState = "idle" | "busy" | "streaming" | "upgraded" | "closed";
