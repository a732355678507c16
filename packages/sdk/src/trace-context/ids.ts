/** New ids, from random bytes drawn in bulk: asking the system for 16 bytes at a time costs more than using them. */
import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 4_096
const pool = Buffer.allocUnsafeSlow(POOL_BYTES)
let used = POOL_BYTES

/** 32 lower-case hex digits, not all zero (W3C Trace Context). */
export function newTraceId(): string {
  return randomHex(16)
}

/** 16 lower-case hex digits, not all zero. */
export function newSpanId(): string {
  return randomHex(8)
}

function randomHex(bytes: 8 | 16): string {
  const from = draw(bytes)
  const hex = pool.toString('hex', from, from + bytes)
  return /[^0]/.test(hex) ? hex : randomHex(bytes)
}

function draw(bytes: number): number {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  const from = used
  used += bytes
  return from
}

/** The last millisecond and its counter: ids of one process never go back, however many are made in a millisecond. */
let lastMs = 0
let counter = 0
/** 12 bits of `rand_a` count within a millisecond (RFC 9562 section 6.2, method 1). */
const COUNTER_MAX = 0xfff

/** A UUIDv7 (RFC 9562), each greater than the one before. `nowMs`: ms since 1970. */
export function newRecordId(nowMs: number): string {
  if (nowMs > lastMs) {
    lastMs = nowMs
    counter = pool.readUInt16BE(draw(2)) & 0x7ff
  } else if (++counter > COUNTER_MAX) {
    lastMs++
    counter = 0
  }
  const time = lastMs.toString(16).padStart(12, '0')
  const from = draw(8)
  pool[from] = (pool[from]! & 0x3f) | 0x80
  const random = pool.toString('hex', from, from + 8)
  const count = (0x7000 | counter).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-${count}-${random.slice(0, 4)}-${random.slice(4)}`
}
