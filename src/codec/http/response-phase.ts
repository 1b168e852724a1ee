/**
 * Where a response reader stands.
 *
 * ```text
 *   IDLE --expect--> HEAD --its head is there--> BODY --all of it is there--> DONE --expect--> HEAD
 *                                                 |---- it is streamed ----> STREAM --its last piece--> DONE
 *                                                 |---- another protocol --> TUNNEL
 * ```
 */
export type ResponsePhase = typeof IDLE | typeof HEAD | typeof BODY | typeof STREAM | typeof TUNNEL | typeof DONE;

/** No request was announced yet. */
export const IDLE = 0;
/** Nothing, a part of the head, or interim responses have come. */
export const HEAD = 1;
export const BODY = 2;
/** The response was lent, its body is taken piece by piece. */
export const STREAM = 3;
/** The response was lent; what follows is another protocol's. */
export const TUNNEL = 4;
/** The response was lent, and is over. */
export const DONE = 5;
