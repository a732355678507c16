/** A thread that this server does not have: whoever calls it all the same is told so. */
import { TrailproofError } from '../trailproof-error.ts'
import type { Handlers, WorkerApi, WorkerHandle } from './worker-call.ts'

export function absentWorker<H extends Handlers>(name: string): WorkerHandle<H> {
  const refuse = (): Promise<never> =>
    Promise.reject(new TrailproofError('NOT_ITS_ROLE', `this server has no ${name}: its roles leave it out`))
  return {
    call: new Proxy({}, { get: () => refuse }) as WorkerApi<H>,
    callWith: refuse,
    waiting: 0,
    onEvent: () => undefined,
    onDeath: () => undefined,
    close: () => Promise.resolve(),
  }
}
