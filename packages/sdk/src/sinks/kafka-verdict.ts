/** What a failed `send` of kafkajs or @platformatic/kafka means for the batch. */

export type KafkaVerdict =
  /** The broker takes no batch of this size. */
  | 'too large'
  /** People have to mend something: rights, credentials, the name of the topic. */
  | 'misdirected'
  | 'later'
  /** The broker will not take it, and says that trying again is no use. */
  | 'never'

/** Names of the protocol's errors, which both libraries give. */
const TOO_LARGE: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])
const MISDIRECTED = /AUTHORIZATION|AUTHENTICATION|SASL|INVALID_TOPIC/

/** An error, what caused it, and what it sums up; both libraries wrap what the broker said. */
interface KafkaError {
  readonly name?: unknown
  /** kafkajs: the protocol's name of a broker's error. */
  readonly type?: unknown
  readonly retriable?: unknown
  /** @platformatic/kafka: the same. */
  readonly apiId?: unknown
  readonly canRetry?: unknown
  readonly code?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
}

/** More than any of them is nested. */
const ERRORS_MAX = 100

/**
 * Only the broker's own word makes trying again useless. What the client says of itself (disconnected, out of retries) may pass, and
 * records in a spool outlast it.
 */
export function kafkaVerdict(error: unknown): KafkaVerdict {
  const all = withCauses(error)
  const names = all.map(({ type, apiId }) => textOf(type) || textOf(apiId))
  if (names.some((name) => TOO_LARGE.has(name))) return 'too large'
  if ([...names, ...all.map(({ name, code }) => `${textOf(name)} ${textOf(code)}`)].some(isMisdirection))
    return 'misdirected'
  const never = all.some(
    ({ retriable, canRetry }, at) => names[at] !== '' && (retriable === false || canRetry === false),
  )
  return never ? 'never' : 'later'
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isMisdirection(name: string): boolean {
  return MISDIRECTED.test(name.toUpperCase())
}

function withCauses(error: unknown): KafkaError[] {
  const found = new Set<unknown>([error])
  for (const each of found) {
    if (typeof each !== 'object' || each === null || found.size > ERRORS_MAX) continue
    const { cause, errors } = each as KafkaError
    found.add(cause)
    if (Array.isArray(errors)) for (const inner of errors.slice(0, ERRORS_MAX)) found.add(inner)
  }
  return [...found].filter((each) => typeof each === 'object' && each !== null)
}
