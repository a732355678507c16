/** Reads the value of an option that is a whole number. */
import { InvalidArgumentError } from '@commander-js/extra-typings'

export function wholeNumber({ least = 0 }: { least?: number } = {}): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least)) throw new InvalidArgumentError(`Expected a whole number from ${least} on.`)
    return value
  }
}
