/**
 * Failures that people have to mend first: a wrong key, URL, ledger or topic. Records wait for that. Quiet retries would look like
 * an outage, so Node's warning is given; once, as the events on the diagnostics channel go on.
 */
import { SinkError } from './sink.ts'

/** Between tries, unless the other side says when. */
const TRY_EVERY_MS = 30_000

export class Misdirection {
  #hasWarned = false

  /** The error of a write that failed so. */
  error(
    message: string,
    { retryAfterMs, cause }: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ): SinkError {
    if (!this.#hasWarned)
      process.emitWarning(`${message}. Records wait until this is mended.`, 'TrailproofWarning')
    this.#hasWarned = true
    return new SinkError(message, { retryable: true, retryAfterMs: retryAfterMs ?? TRY_EVERY_MS, cause })
  }

  /** It works again: the next failure is a new one. */
  mended(): void {
    this.#hasWarned = false
  }
}
