/**
 * The automatic mode, by which an application that knows nothing of trails has them:
 *
 *     node --import @trailproof/sdk/register app.js
 *
 * The recorder is made of the environment (`TRAILPROOF_URL` …), unless the application makes one itself before its first request.
 */
import { collectCalls } from './collectors/collect-calls.ts'
import { resolveOptions } from './recorder/options.ts'
import { recordFastify } from './register/fastify.ts'
import { recordServers } from './register/http-servers.ts'
import { LIBRARIES } from './register/libraries.ts'
import { watchModules } from './register/modules.ts'

/** Twice would be one too many, of whichever copy of this package. */
const REGISTERED = Symbol.for('trailproof.registered.v1')

if (!(REGISTERED in globalThis)) {
  Object.defineProperty(globalThis, REGISTERED, { value: true })
  resolveOptions({}) // settings that cannot be meant end the process now, not in the first request
  collectCalls()
  recordServers()
  recordFastify()
  watchModules(LIBRARIES)
}
