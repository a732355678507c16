/** Which trail, and which step of it, the running code belongs to. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Channel } from 'node:diagnostics_channel'
import type { Step } from './step.ts'

export interface Scope {
  /** A `Trail`; current-trail.ts says so. */
  readonly trail: object
  /** The step that contains what happens now. */
  readonly step: Step | undefined
}

/**
 * One for the process, found by a key that all copies of this package share: an application and a library of its own may
 * bring one each, and there is still one trail a request.
 */
const KEY = Symbol.for('trailproof.scope.v1')
const shared = globalThis as { [KEY]?: AsyncLocalStorage<Scope | undefined> }
const storage = (shared[KEY] ??= new AsyncLocalStorage<Scope | undefined>())

export function currentScope(): Scope | undefined {
  return storage.getStore()
}

/** Runs `fn`, and whatever it starts, as part of `scope`; as part of no trail without one. */
export function runInScope<Result>(scope: Scope | undefined, fn: () => Result): Result {
  return storage.run(scope, fn)
}

/** What is run with a message of `channel` runs as part of the scope that `scopeOf` gives for it. */
export function bindScope(channel: Channel, scopeOf: (message: object) => Scope | undefined): void {
  channel.bindStore(storage, (message) => scopeOf(message as object)) // tracing channels carry objects
}
