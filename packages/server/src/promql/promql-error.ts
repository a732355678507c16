/** A query that is answered with an error, in the words of Prometheus' API. */

/** As clients know them: what is wrong with the query, with carrying it out, or with the time that it takes. */
export type PromqlErrorType = 'bad_data' | 'execution' | 'timeout'

export class PromqlError extends Error {
  readonly type: PromqlErrorType

  constructor(type: PromqlErrorType, message: string) {
    super(message)
    this.type = type
  }
}

export function badData(message: string): PromqlError {
  return new PromqlError('bad_data', message)
}
