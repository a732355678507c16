/** google.protobuf.Timestamp and RFC 3339. A record keeps its time as text; a Timestamp knows neither zone nor digits. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { TimestampSchema } from '@bufbuild/protobuf/wkt'

type Timestamp = MessageInitShape<typeof TimestampSchema>

/** Years 1 to 9999, as the definition of Timestamp allows. */
const SECONDS_MIN = -62_135_596_800n
const SECONDS_MAX = 253_402_300_799n

/** In UTC with 0, 3, 6 or 9 digits of a second, as protobuf's JSON has it; undefined when it is out of range. */
export function timestampText(seconds: bigint, nanos: number): string | undefined {
  if (seconds < SECONDS_MIN || seconds > SECONDS_MAX || nanos < 0 || nanos > 999_999_999) return undefined
  if (seconds !== lastSeconds) {
    lastSeconds = seconds
    lastText = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  }
  if (nanos === 0) return `${lastText}Z`
  const digits = String(nanos).padStart(9, '0')
  const places = digits.endsWith('000000') ? 3 : digits.endsWith('000') ? 6 : 9
  return `${lastText}.${digits.slice(0, places)}Z`
}

/** The events of a batch are of the same second, more often than not. */
let lastSeconds: bigint | undefined
let lastText = ''

/** Undefined where a Timestamp cannot say the time, such as a leap second. */
export function timestampOf(text: string): Timestamp | undefined {
  const [, whole, fraction = '', zone] = /^(.{19})(?:\.(\d{1,9}))?(Z|z|[+-]\d{2}:\d{2})$/.exec(text) ?? []
  if (whole === undefined) return undefined
  const ms = Date.parse(whole.replace(' ', 'T') + zone)
  if (Number.isNaN(ms)) return undefined
  return { seconds: BigInt(ms / 1000), nanos: Number(fraction.padEnd(9, '0')) }
}

export function timestampOfMicros(micros: number): Timestamp {
  return { seconds: BigInt(Math.floor(micros / 1_000_000)), nanos: (micros % 1_000_000) * 1000 }
}
