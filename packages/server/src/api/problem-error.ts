import type { Problem } from './problem.ts'

/** A problem on its way to the client, thrown by route helpers and sent by the error handler. */
export class ProblemError extends Error {
  readonly problem: Problem
  constructor(what: Problem) {
    super(what.detail)
    this.problem = what
  }
}
