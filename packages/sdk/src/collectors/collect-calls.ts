/** The collectors that need nothing of the application: their clients tell of each call on diagnostics channels. */
import { collectMysql2 } from './mysql2.ts'
import { collectNodeHttp } from './node-http.ts'
import { collectPlatformaticKafka } from './platformatic-kafka.ts'
import { collectRedisChannels } from './redis-channels.ts'
import { collectUndici } from './undici.ts'

/** An application and a library of its own may bring a copy of this package each; a call is recorded once. */
const COLLECTING = Symbol.for('trailproof.collecting.v1')

/** Once for the process: whose trail a call belongs to is known when it is made. */
export function collectCalls(): void {
  const shared = globalThis as { [COLLECTING]?: boolean }
  if (shared[COLLECTING] === true) return
  shared[COLLECTING] = true
  collectNodeHttp()
  collectUndici()
  collectMysql2()
  collectRedisChannels()
  collectPlatformaticKafka()
}
