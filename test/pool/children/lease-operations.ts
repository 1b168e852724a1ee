/** Words of an actor, in the memory by which it is led. */
export const AT = 0;
export const OPERATION = 1;
export const FIRST = 2;
export const SECOND = 3;
export const RESULT = 4;
export const ACTOR_WORDS = 32;

/** Where it stands, as {@link AT} says: it runs, has nothing to do, stands before an access, is to drop dead. */
export const RUNS = 0;
export const IDLE = 1;
export const STANDS = 2;
export const DIES = 3;

/** What an actor can be told to do. */
export const OPERATIONS = {
  begin: 0,
  claim: 1,
  write: 2,
  ask: 3,
  withdraw: 4,
  take: 5,
  release: 6,
  handOn: 7,
  lend: 8,
  answerBell: 9,
  answer: 10,
  recover: 11,
  want: 12,
  die: 13,
} as const;

/** Its thread's number, as the board has it. */
export const THREADS = 100;

export interface ActorData {
  readonly control: Int32Array;
  readonly number: number;
}
