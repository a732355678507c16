/** Which trails are recorded, where not all are. Audit events and log lines never ask here: they are always recorded. */
import { hash } from 'node:crypto'

export interface SamplingOptions {
  /** Share of the trails that are recorded, 0 to 1. The same trace is kept or left out by every service. Default 1. */
  readonly rate?: number | undefined
  /** Rates of single routes, by what the trail's action is, such as `GET /health`; `*` at the end stands for any rest. */
  readonly routes?: Readonly<Record<string, number>> | undefined
  /** Keep trails that failed or were denied, whatever the rate. Default true. */
  readonly keepErrors?: boolean | undefined
  /** Keep trails that took at least this many ms, whatever the rate. Default: none. */
  readonly slowMs?: number | undefined
}

export interface Sampling {
  /** Whether it may still be recorded, as far as its trace id alone tells: what cannot is not collected. */
  mayKeep(traceId: string): boolean
  keeps(trail: SampledTrail): boolean
  /** Whether every trail is. */
  readonly keepsAll: boolean
}

export interface SampledTrail {
  readonly traceId: string
  readonly action: string | undefined
  readonly failed: boolean
  readonly latencyMs: number
}

/** Throws a `RangeError` for a rate that is none. */
export function compileSampling(options: SamplingOptions = {}): Sampling {
  const { rate = 1, routes = {}, keepErrors = true, slowMs } = options
  const exact = new Map<string, number>()
  const prefixes: [prefix: string, rate: number][] = []
  for (const [route, ofRoute] of Object.entries(routes))
    if (route.endsWith('*'))
      prefixes.push([route.slice(0, -1), checked(`sampling.routes['${route}']`, ofRoute)])
    else exact.set(route, checked(`sampling.routes['${route}']`, ofRoute))
  checked('sampling.rate', rate)
  if (slowMs !== undefined && !(slowMs >= 0))
    throw new RangeError(`sampling.slowMs is a number of ms; found ${slowMs}`)
  prefixes.sort(([a], [b]) => b.length - a.length) // the longest that fits counts
  const rateOf = (action: string | undefined): number =>
    action === undefined
      ? rate
      : (exact.get(action) ?? prefixes.find(([prefix]) => action.startsWith(prefix))?.[1] ?? rate)

  const highest = Math.max(rate, ...exact.values(), ...prefixes.map(([, ofRoute]) => ofRoute))
  const decidesLate = keepErrors || slowMs !== undefined
  return {
    keepsAll: Math.min(rate, ...exact.values(), ...prefixes.map(([, ofRoute]) => ofRoute)) >= 1,
    mayKeep: (traceId) => decidesLate || isBelow(traceId, highest),
    keeps: ({ traceId, action, failed, latencyMs }) =>
      (keepErrors && failed) ||
      (slowMs !== undefined && latencyMs >= slowMs) ||
      isBelow(traceId, rateOf(action)),
  }
}

function checked(name: string, rate: number): number {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`${name} is a share from 0 to 1; found ${rate}`)
  return rate
}

/** The last 56 bits of a W3C trace id are random (Trace Context level 2); other ids are hashed. */
function isBelow(traceId: string, rate: number): boolean {
  if (rate >= 1) return true
  if (rate <= 0) return false
  const hex = /^[0-9a-f]{32}$/.test(traceId) ? traceId : hash('sha256', traceId)
  return Number.parseInt(hex.slice(-13), 16) < rate * 2 ** 52
}
