/** The setting `intake`: what lies between receivers and sequencers, as one URL. */
import { TrailproofError } from '../trailproof-error.ts'

export type BrokerAddress =
  | { readonly kind: 'direct' }
  | {
      readonly kind: 'kafka'
      readonly brokers: readonly string[]
      readonly topic: string | undefined
      readonly tls: boolean
      readonly login: { readonly username: string; readonly password: string } | undefined
      readonly parameters: ReadonlyMap<string, string>
    }
  | { readonly kind: 'redis'; readonly url: string; readonly parameters: ReadonlyMap<string, string> }

/** What may follow the `?`. */
const PARAMETERS = {
  kafka: ['group', 'partitions', 'replicas', 'instance', 'mechanism', 'session_ms'],
  redis: ['prefix', 'shards', 'streams', 'lease_ms'],
} as const

/** `host:port` of each broker, which URL knows only one of. */
const KAFKA = /^kafka(s?):\/\/(?:([^:@/]*):([^@/]*)@)?([^/?#@]+)(?:\/([^?#]*))?(?:\?(.*))?$/

/** Throws BAD_SETTING that says what is wrong with it. */
export function readBrokerAddress(text: string): BrokerAddress {
  if (text === 'direct') return { kind: 'direct' }
  const kafka = KAFKA.exec(text)
  if (kafka !== null) {
    const [, tls, username, password, brokers = '', topic = '', query = ''] = kafka
    return {
      kind: 'kafka',
      brokers: brokers.split(',').map((broker) => (/:\d+$/.test(broker) ? broker : `${broker}:9092`)),
      topic: topic === '' ? undefined : topic,
      tls: tls === 's',
      login:
        username === undefined || password === undefined
          ? undefined
          : { username: decoded(username), password: decoded(password) },
      parameters: parametersOf('kafka', query),
    }
  }
  if (/^rediss?:\/\//.test(text)) {
    const [url = '', query = ''] = text.split('?', 2)
    if (!isRedisUrl(url)) throw unreadable()
    return { kind: 'redis', url, parameters: parametersOf('redis', query) }
  }
  throw unreadable()
}

/** Does not repeat what was read: there may be a password in it. */
function unreadable(): TrailproofError {
  return new TrailproofError(
    'BAD_SETTING',
    'intake: expected direct, kafka://host:9092,host:9092/topic (kafkas:// for TLS) or redis://host:6379; in a user or password write @ : / ? # % as %40 %3A %2F %3F %23 %25',
  )
}

/** `redis://user:password@host:6379/2`, the number of a database at the end. */
export function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { hostname, pathname, hash, username, password } = new URL(text)
  return hostname !== '' && hash === '' && /^(?:\/\d*)?$/.test(pathname) && isEncoded(username + password)
}

function isEncoded(text: string): boolean {
  return !/%(?![\da-f]{2})/i.test(text)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw unreadable()
  }
}

function parametersOf(kind: keyof typeof PARAMETERS, query: string): ReadonlyMap<string, string> {
  const known: readonly string[] = PARAMETERS[kind]
  const parameters = new Map(new URLSearchParams(query))
  for (const name of parameters.keys())
    if (!known.includes(name))
      throw new TrailproofError('BAD_SETTING', `intake: no parameter ${name}; known: ${known.join(', ')}`)
  return parameters
}

/** A whole number of at least 1 among the parameters. Throws BAD_SETTING for anything else. */
export function countIn(parameters: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = parameters.get(name)
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new TrailproofError('BAD_SETTING', `intake: ${name} is a whole number of at least 1, not ${text}`)
}
