/** Methods of a client that the application has made, watched without changing what they are to it. */

import { contained } from './contained.ts'

/** Whatever is called; a method keeps its own `this` and arguments. */
export type Method = (this: unknown, ...args: unknown[]) => unknown

const COLLECTED = Symbol.for('trailproof.collected.v1')

/** Whether it is the first time, of whichever copy of this package: a client may be handed over twice, or its class before. Not of what cannot be watched. */
export function isFirstCollected(client: object): boolean {
  if (COLLECTED in client || !Object.isExtensible(client)) return false
  Object.defineProperty(client, COLLECTED, { value: true })
  return true
}

/** Replaces the method `name` of `client`, where it has one, with what `wrap` makes of it. */
export function watch(client: object, name: string, wrap: (method: Method) => Method): void {
  const members = client as Record<string, unknown>
  const method = members[name]
  if (typeof method !== 'function') return
  const watched = wrap(method as Method)
  Object.defineProperty(watched, 'name', { value: method.name, configurable: true })
  Object.defineProperty(watched, 'length', { value: method.length, configurable: true })
  contained('collector', () => {
    const { enumerable = false } = Object.getOwnPropertyDescriptor(client, name) ?? {}
    Object.defineProperty(client, name, { value: watched, enumerable, writable: true, configurable: true })
  })
}
