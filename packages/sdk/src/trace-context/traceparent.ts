/** W3C Trace Context, level 1: the headers traceparent and tracestate. */

export interface Traceparent {
  readonly traceId: string
  readonly parentId: string
  /** `01`: sampled, or `00`: the other bits mean nothing in level 1 and are to be 0 when they are passed on (section 3.2.2.5.2). */
  readonly flags: string
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 1
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
  return {
    traceId: traceId!,
    parentId: parentId!,
    flags: Number.parseInt(flags!, 16) & SAMPLED ? '01' : '00',
  }
}

export function formatTraceparent({ traceId, parentId, flags }: Traceparent): string {
  return `00-${traceId}-${parentId}-${flags}`
}

const MEMBERS_MAX = 32
/** Section 3.3.1.3: a key, of one vendor or of a tenant of one, and a value that is not empty and does not end with a space. */
const MEMBER =
  /^([a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** The list as it came, or undefined when it must not be passed on: one member that is wrong makes all of it doubtful. */
export function usableTracestate(text: string | undefined): string | undefined {
  if (text === undefined || text.length > TRACESTATE_CHARS_MAX) return undefined
  const members = text.split(',')
  if (members.length > MEMBERS_MAX) return undefined
  const keys = new Set<string>()
  for (const padded of members) {
    const member = padded.replace(/^[ \t]+|[ \t]+$/g, '')
    if (member === '') continue // allowed, for senders that add to an empty list
    const key = MEMBER.exec(member)?.[1]
    if (key === undefined || keys.has(key)) return undefined
    keys.add(key)
  }
  return keys.size > 0 ? text : undefined
}
