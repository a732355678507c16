/** The setting `cache`: a Redis that remembers answers, as one URL. */
import { isRedisUrl } from '../intake/broker-address.ts'
import { TrailproofError } from '../trailproof-error.ts'

export interface CacheAddress {
  /** `redis://` or `rediss://`, as the client takes it. */
  readonly url: string
  /** Begins the name of every key. */
  readonly prefix: string
}

/** Undefined when there is none. Throws BAD_SETTING, without repeating what it read: a password may be in it. */
export function readCacheAddress(text: string): CacheAddress | undefined {
  if (text === '') return undefined
  const [url = '', query = ''] = text.split('?', 2)
  const { prefix = 'trailproof', ...others } = Object.fromEntries(new URLSearchParams(query))
  // A star in a prefix would delete what is others'.
  if (/^rediss?:\/\//.test(url) && isRedisUrl(url) && /^[\w:-]{1,64}$/.test(prefix) && isEmpty(others))
    return { url, prefix }
  throw new TrailproofError(
    'BAD_SETTING',
    'cache: expected redis://user:password@host:6379/0 (rediss:// for TLS), then ?prefix= of letters, digits, _ : - at most',
  )
}

function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0
}
