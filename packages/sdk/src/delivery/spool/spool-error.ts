/** Why the spool did not take a record. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError'
  readonly reason: 'spool_full' | 'spool_failed'

  constructor(reason: SpoolError['reason'], message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.reason = reason
  }
}
