/** New ids, from random bytes drawn and written as hex in bulk: a call for each id costs more than the id. */
import { randomBytes } from 'node:crypto'

const POOL_BYTES = 2_048
let pool = ''
let used = 0

/** 32 lower-case hex digits, not all zero (W3C Trace Context). */
export function newTraceId(): string {
  return randomHex(32)
}

/** 16 lower-case hex digits, not all zero. */
export function newSpanId(): string {
  return randomHex(16)
}

function randomHex(digits: 16 | 32): string {
  const hex = draw(digits)
  return hex.startsWith('0000') && /^0+$/.test(hex) ? randomHex(digits) : hex
}

function draw(digits: number): string {
  if (used + digits > pool.length) {
    pool = randomBytes(POOL_BYTES).toString('hex')
    used = 0
  }
  used += digits
  return pool.slice(used - digits, used)
}

/** The last millisecond, as the beginning of an id, and the counter within it: ids of one process never go back. */
let lastMs = 0
let prefix = ''
let counter = 0
/** 12 bits of `rand_a` count within a millisecond (RFC 9562 section 6.2, method 1). */
const COUNTER_MAX = 0xfff

/** A UUIDv7 (RFC 9562), each greater than the one before. `nowMs`: ms since 1970. */
export function newRecordId(nowMs: number): string {
  if (nowMs > lastMs) begin(nowMs, Number.parseInt(draw(3), 16) & 0x7ff)
  else if (++counter > COUNTER_MAX) begin(lastMs + 1, 0)
  const random = draw(16)
  // The two bits of the variant are 10: the first digit is 8, 9, a or b.
  const variant = (8 | (random.charCodeAt(0) & 3)).toString(16)
  return `${prefix}${(0x7000 | counter).toString(16)}-${variant}${random.slice(1, 4)}-${random.slice(4)}`
}

function begin(ms: number, count: number): void {
  lastMs = ms
  counter = count
  const time = ms.toString(16).padStart(12, '0')
  prefix = `${time.slice(0, 8)}-${time.slice(8)}-`
}
