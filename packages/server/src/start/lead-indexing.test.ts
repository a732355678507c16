import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { leadIndexing } from './lead-indexing.ts'
import type { Leases } from './lease.ts'

const LEASE_MS = 10_000
const log = pino({ enabled: false })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const silent = () => new Promise<never>(() => undefined)

/** One lease, held by this server while `isOurs`. */
function leasesOf(state: { isOurs: boolean }): Leases {
  return {
    acquireLease: async () => (state.isOurs ? { epoch: 1 } : undefined),
    renewLease: async () => state.isOurs,
    releaseLease: async () => true,
  }
}

test('leads while it holds the lease, again and again', async () => {
  const state = { isOurs: true }
  const told: boolean[] = []
  const indexer = { lead: async (leads: boolean) => void told.push(leads) }
  const leading = leadIndexing({ directory: leasesOf(state), indexer, log, leaseMs: LEASE_MS })
  await vi.advanceTimersByTimeAsync(2 * LEASE_MS)
  expect(told).toEqual([true])
  state.isOurs = false
  await vi.advanceTimersByTimeAsync(LEASE_MS)
  expect(told).toEqual([true, false])
  state.isOurs = true
  await vi.advanceTimersByTimeAsync(LEASE_MS)
  expect(told).toEqual([true, false, true])
  await leading[Symbol.asyncDispose]()
  expect(told).toEqual([true, false, true, false])
})

test.each(['lost', 'given back'])(
  'leads no longer once the lease is %s, also while the index is silent',
  async (how) => {
    const state = { isOurs: true }
    const told: boolean[] = []
    const indexer = {
      async lead(leads: boolean) {
        told.push(leads)
        if (leads) await silent()
      },
    }
    const leading = leadIndexing({ directory: leasesOf(state), indexer, log, leaseMs: LEASE_MS })
    await vi.advanceTimersByTimeAsync(1)
    expect(told).toEqual([true])
    state.isOurs = false
    if (how === 'lost') await vi.advanceTimersByTimeAsync(LEASE_MS)
    const ending = leading[Symbol.asyncDispose]()
    await vi.advanceTimersByTimeAsync(LEASE_MS)
    await ending
    expect(told).toEqual([true, false])
  },
)
