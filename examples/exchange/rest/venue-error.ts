import type { Answer } from "../answer.ts";
import { errorAnswer } from "../answer.ts";

/** A request that the venue refuses, with its code and its sentence. */
export class VenueError extends Error {
  readonly answer: Answer;

  constructor(status: number, code: number, msg: string, headers?: Answer["headers"]) {
    super(msg);
    this.answer = errorAnswer(status, code, msg, headers);
  }
}
