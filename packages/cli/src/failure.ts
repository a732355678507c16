/** A foreseen end of a command: one plain line for people, an exit code for scripts. */
import { EXIT, type ExitCode } from './exit-code.ts'

export class Failure extends Error {
  readonly exitCode: ExitCode
  /** What to do next, on a line of its own. */
  readonly hint: string | undefined

  constructor(exitCode: ExitCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'Failure'
    this.exitCode = exitCode
    this.hint = options.hint
  }
}

export function usageFailure(message: string, hint?: string): Failure {
  return new Failure(EXIT.usage, message, hint === undefined ? {} : { hint })
}
