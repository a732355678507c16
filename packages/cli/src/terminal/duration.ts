/** Reads the value of an option that is a duration, such as `90s`, `15m`, `24h`, `7d`. */
import { InvalidArgumentError } from '@commander-js/extra-typings'
import { parseDuration } from '@trailproof/core/query'

/** ms. */
export function duration(text: string): number {
  const read = parseDuration(text)
  if (read === undefined || read.seconds === 0)
    throw new InvalidArgumentError('Expected a duration such as 15m, 24h or 7d.')
  return read.seconds * 1000
}
