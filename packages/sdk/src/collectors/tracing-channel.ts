/** Clients that tell of each call on a tracing channel of Node's: start, and once it is settled asyncStart; or end, where it threw. */
import { channel, subscribe } from 'node:diagnostics_channel'
import { bindScope, currentScope, type Scope } from '../recorder/scope.ts'
import type { Integration, IntegrationInit, IntegrationResult } from '../recorder/step.ts'
import type { Trail } from '../recorder/trail.ts'
import { beginCall, beginConnecting, endCall } from './call.ts'
import { contained } from './contained.ts'

/** What Node adds to the client's message. */
export interface Settled {
  readonly error?: unknown
  readonly result?: unknown
}

export interface CallReader<Message extends object> {
  /** What is called; undefined: nothing that is recorded. */
  begin(message: Message, trail: Trail): IntegrationInit | undefined
  /** What came of it, where it did not fail. */
  end(message: Message & Settled): IntegrationResult
  /** It is over, however it ended: to undo what `begin` did. */
  settled?(message: Message): void
}

/** The client's callbacks run as part of the trail that made the call, whatever connection or pool the answer came through. */
export function onTracingChannel<Message extends object>(name: string, reader: CallReader<Message>): void {
  const calls = new WeakMap<object, Integration>()
  const end = (message: Message & Settled): void => {
    const call = calls.get(message)
    if (call === undefined) return
    calls.delete(message)
    reader.settled?.(message)
    endCall(call, () => ('error' in message ? { error: message.error } : reader.end(message)))
  }
  on<Message>(name, 'start', (message) => {
    const call = beginCall((trail) => reader.begin(message, trail))
    if (call !== undefined) calls.set(message, call)
  })
  on<Message & Settled>(name, 'end', (message) => {
    if ('error' in message) end(message)
  })
  on<Message & Settled>(name, 'asyncStart', end)
  keepScope(name)
}

/** The callbacks of what is traced on the channel `name` run as part of the trail that runs when it starts. */
function keepScope(name: string): void {
  const scopes = new WeakMap<object, Scope | undefined>()
  on(name, 'start', (message) => scopes.set(message, currentScope()))
  bindScope(channel(`tracing:${name}:asyncStart`), (message) => scopes.get(message))
}

/** What happens to connect; its callbacks, too, run as part of their trail. */
export function onConnecting(name: string, call: Pick<IntegrationInit, 'type' | 'name'>): void {
  const begun = new WeakMap<object, (error: unknown) => void>()
  on(name, 'start', (message) => begun.set(message, beginConnecting(call)))
  on<Settled>(name, 'error', (message) => begun.get(message)?.(message.error))
  keepScope(name)
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what a channel carries is known by its name
function on<Message extends object>(name: string, event: string, listener: (message: Message) => void): void {
  subscribe(`tracing:${name}:${event}`, (message) =>
    contained(`${name} collector`, () => listener(message as Message)),
  )
}
