/** Ranges: numbers, times and addresses by value, other texts without case in code point order. */

import { compareBytes } from '../encoding/bytes.ts'
import { parseDecimal } from './decimal.ts'
import type { QueryFieldType } from './field-list.ts'
import { parseIp } from './ip-address.ts'
import type { FieldTest } from './query.ts'

type Range = Extract<FieldTest, { op: 'range' }>

export function rangeTest(type: QueryFieldType, range: Range): (value: unknown) => boolean {
  const { low, high } = range
  if (type === 'ip') return addressRange(low && parseIp(low.value), high && parseIp(high.value), range)
  const [from, to] = [low && parseDecimal(low.value), high && parseDecimal(high.value)]
  const isNumeric = (low === undefined || from !== undefined) && (high === undefined || to !== undefined)
  if (isNumeric)
    return (value) => {
      const number =
        typeof value === 'number' ? value : typeof value === 'string' ? parseDecimal(value) : undefined
      return (
        number !== undefined &&
        (from === undefined || (low?.inclusive ? number >= from : number > from)) &&
        (to === undefined || (high?.inclusive ? number <= to : number < to))
      )
    }
  const [first, last] = [low?.value.toLowerCase(), high?.value.toLowerCase()]
  return onText((text) => {
    const lower = text.toLowerCase()
    return isInside(
      first === undefined ? undefined : compareCodePoints(lower, first),
      last === undefined ? undefined : compareCodePoints(lower, last),
      range,
    )
  })
}

function addressRange(
  from: Uint8Array | undefined,
  to: Uint8Array | undefined,
  range: Range,
): (value: unknown) => boolean {
  if ((range.low && !from) || (range.high && !to)) return () => false
  const length = (from ?? to)?.length
  return (value) => {
    const address = typeof value === 'string' ? parseIp(value) : undefined
    if (address === undefined || address.length !== length) return false
    return isInside(from && compareBytes(address, from), to && compareBytes(address, to), range)
  }
}

/** From how a value compares with each bound. */
function isInside(toLow: number | undefined, toHigh: number | undefined, { low, high }: Range): boolean {
  return (
    (toLow === undefined || toLow > 0 || (toLow === 0 && low?.inclusive === true)) &&
    (toHigh === undefined || toHigh < 0 || (toHigh === 0 && high?.inclusive === true))
  )
}

/** Numbers and truth values as JSON writes them. */
export function onText(test: (text: string) => boolean): (value: unknown) => boolean {
  return (value) => {
    if (typeof value === 'string') return test(value)
    return (typeof value === 'number' || typeof value === 'boolean') && test(String(value))
  }
}

/** As UTF-8 bytes compare, and not as UTF-16 does, so that every index can agree. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** Surrogates stand for code points beyond all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}
