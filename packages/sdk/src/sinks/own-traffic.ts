/** How our own connections are told from the host's: what we send must not be recorded as work of a request. */

const OWN_TRAFFIC = Symbol.for('trailproof.own-traffic')

/** Marks an agent or request as ours. */
export function markOwnTraffic<T extends object>(target: T): T {
  return Object.defineProperty(target, OWN_TRAFFIC, { value: true })
}

/** Whether an agent or request is ours, of whichever copy of this package. */
export function isOwnTraffic(target: unknown): boolean {
  return typeof target === 'object' && target !== null && OWN_TRAFFIC in target
}
