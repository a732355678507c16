import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { holdLease, type Leases } from './lease.ts'

const LEASE_MS = 10_000
/** Until what is due is done. */
const MOMENT_MS = 2
const log = pino({ enabled: false })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const after = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const silent = () => new Promise<never>(() => undefined)
const away = () => Promise.reject(new Error('away'))
const granted = async () => true

/** Holds a lease of a directory whose renewals the test answers. */
async function held(leases: Partial<Leases> = {}) {
  const seen = { renewals: 0, inHand: 0, inHandMax: 0, losses: 0, released: 0 }
  const answer: { renewLease: () => Promise<boolean> } = { renewLease: granted }
  const lease = await holdLease(
    {
      acquireLease: async () => ({ epoch: 1 }),
      async renewLease() {
        seen.renewals++
        seen.inHandMax = Math.max(seen.inHandMax, ++seen.inHand)
        try {
          return await answer.renewLease()
        } finally {
          seen.inHand--
        }
      },
      releaseLease: async () => Boolean(++seen.released),
      ...leases,
    },
    { name: 'sequencer', log, onLost: () => void seen.losses++, leaseMs: LEASE_MS },
  )
  return { lease, seen, answer }
}

describe('a lease that is held', () => {
  test('is renewed well before its time is over, for as long as it is wanted', async () => {
    const { lease, seen } = await held()
    await after(10 * LEASE_MS)
    expect(seen).toMatchObject({ losses: 0, inHandMax: 1 })
    expect(seen.renewals).toBeGreaterThanOrEqual(30)
    await lease[Symbol.asyncDispose]()
    const { renewals } = seen
    await after(2 * LEASE_MS)
    expect(seen).toMatchObject({ losses: 0, released: 1, renewals })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('outlives renewals that failed, when one goes through in time', async () => {
    const { seen, answer } = await held()
    answer.renewLease = away
    await after(0.9 * LEASE_MS)
    answer.renewLease = granted
    await after(LEASE_MS)
    expect(seen.losses).toBe(0)
  })
})

describe('a lease is lost, once', () => {
  test('when another has it', async () => {
    const { seen, answer } = await held()
    answer.renewLease = async () => false
    await after(LEASE_MS / 4)
    expect(seen.losses).toBe(1)
    await after(5 * LEASE_MS)
    expect(seen).toMatchObject({ losses: 1, renewals: 1 })
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each([
    ['cannot be asked', away],
    ['does not answer', silent],
  ])('when its time is over and the directory %s', async (_, renewLease) => {
    const { seen, answer } = await held()
    await after(LEASE_MS / 4)
    answer.renewLease = renewLease
    // The last renewal that went through began when a quarter was over.
    await after(LEASE_MS - 1)
    expect(seen.losses).toBe(0)
    await after(MOMENT_MS)
    expect(seen.losses).toBe(1)
    await after(5 * LEASE_MS)
    expect(seen).toMatchObject({ losses: 1, inHandMax: 1 })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('when a renewal is granted too late: in between it was free', async () => {
    const { seen, answer } = await held()
    const late = Promise.withResolvers<boolean>()
    answer.renewLease = () => late.promise
    await after(LEASE_MS + MOMENT_MS)
    expect(seen.losses).toBe(1)
    late.resolve(true)
    await after(2 * LEASE_MS)
    expect(seen).toMatchObject({ losses: 1, renewals: 1 })
  })

  test('from when it was asked for: the answer may have been long on its way', async () => {
    const acquireLease = async () => {
      await new Promise((resolve) => setTimeout(resolve, 0.4 * LEASE_MS))
      return { epoch: 1 }
    }
    const holding = held({ acquireLease })
    await after(0.4 * LEASE_MS)
    const { seen, answer } = await holding
    answer.renewLease = silent
    await after(0.6 * LEASE_MS + MOMENT_MS)
    expect(seen.losses).toBe(1)
  })
})

test.each([
  ['says it is lost', async () => false],
  ['fails', away],
  ['never comes', silent],
])('once it is given back, nothing is lost any more, whatever a renewal in hand %s', async (_, outcome) => {
  const { lease, seen, answer } = await held()
  const asked = Promise.withResolvers<void>()
  answer.renewLease = async () => {
    await asked.promise
    return outcome()
  }
  await after(LEASE_MS / 2)
  await lease[Symbol.asyncDispose]()
  asked.resolve()
  await after(2 * LEASE_MS)
  expect(seen).toMatchObject({ losses: 0, released: 1, renewals: 1 })
  expect(vi.getTimerCount()).toBe(0)
})

test('stands by while another holds it, and not longer than it is wanted', async () => {
  let isFree = false
  const acquireLease = async () => (isFree ? { epoch: 2 } : undefined)
  const holding = held({ acquireLease })
  await after(3 * LEASE_MS)
  isFree = true
  await after(LEASE_MS / 10)
  const { lease, seen } = await holding
  await lease[Symbol.asyncDispose]()
  expect(seen.losses).toBe(0)

  const ending = new AbortController()
  const leases = { acquireLease: async () => undefined, renewLease: granted, releaseLease: granted }
  const waiting = holdLease(leases, {
    name: 'indexer',
    log,
    onLost: () => undefined,
    leaseMs: LEASE_MS,
    signal: ending.signal,
  })
  ending.abort(new Error('no longer wanted'))
  await Promise.all([expect(waiting).rejects.toThrow('no longer'), after(LEASE_MS / 10)])
})
