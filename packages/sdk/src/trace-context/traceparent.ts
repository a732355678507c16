/** W3C Trace Context, level 1: the headers traceparent and tracestate. */

export interface Traceparent {
  readonly traceId: string
  readonly parentId: string
  /** Two hex digits; 01: sampled. */
  readonly flags: string
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
/** Section 3.3.1.5: at least 512 characters are to be kept; a longer one is not passed on. */
const TRACESTATE_CHARS_MAX = 512

/** Undefined when it is not a traceparent that may be continued (section 3.2.2). */
export function parseTraceparent(text: string | undefined): Traceparent | undefined {
  if (text === undefined || text.length < 55 || text.length > 256) return undefined
  const match = TRACEPARENT.exec(text)
  if (match === null) return undefined
  const [, version, traceId, parentId, flags, rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (/^0+$/.test(traceId!) || /^0+$/.test(parentId!)) return undefined
  return { traceId: traceId!, parentId: parentId!, flags: flags! }
}

export function formatTraceparent({ traceId, parentId, flags }: Traceparent): string {
  return `00-${traceId}-${parentId}-${flags}`
}

/** The list as it came, or undefined when it must not be passed on. */
export function usableTracestate(text: string | undefined): string | undefined {
  if (text === undefined || text === '' || text.length > TRACESTATE_CHARS_MAX) return undefined
  return /^[\x20-\x7e\t]+$/.test(text) ? text : undefined
}
