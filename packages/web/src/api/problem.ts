/** What the server says when it does not do what it was asked for (RFC 9457). */

export interface ProblemDocument {
  readonly type?: string
  readonly title?: string
  readonly detail?: string
  /** Where in a query the fault is, in characters from its beginning. */
  readonly position?: number
  readonly [member: string]: unknown
}

export class ApiProblem extends Error {
  readonly status: number
  readonly problem: ProblemDocument

  constructor(status: number, problem: ProblemDocument) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`)
    this.status = status
    this.problem = problem
  }

  /** Without the prefix of the document: `forbidden`, `bad-query`. */
  get kind(): string {
    return this.problem.type?.replace(/^.*[:/]/, '') ?? ''
  }
}

/** What went wrong here, told in a sentence for people. */
export class PageProblem extends Error {}

/** The server could not be reached at all. */
export class Unreachable extends PageProblem {
  constructor(cause: unknown) {
    super('the server cannot be reached', { cause })
  }
}
