/** The collectors that need nothing of the application: their clients tell of each call on diagnostics channels. */
import { collectNodeHttp } from './node-http.ts'
import { collectUndici } from './undici.ts'

let collecting = false

/** Once for the process: whose trail a call belongs to is known when it is made. */
export function collectCalls(): void {
  if (collecting) return
  collecting = true
  collectNodeHttp()
  collectUndici()
}
