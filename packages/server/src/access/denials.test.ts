import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DENIALS_A_MINUTE_MAX, type Denial, Denials } from './denials.ts'

const denial = (route: string, more: Partial<Denial> = {}): Denial => ({
  ledger: 'main',
  caller: { id: 'abcd', name: 'till' },
  permission: 'read',
  route,
  ip: '10.0.0.1',
  requestId: undefined,
  ...more,
})

function noting(record: () => Promise<void> = async () => undefined) {
  const recorded: { asked: unknown; who: string; repeats: number | undefined }[] = []
  const counted: Record<string, number> = {}
  const denials = new Denials({
    accessLog: {
      denied: async ({ asked, caller }, { repeats }) => {
        await record()
        recorded.push({ asked, who: caller.id, repeats })
      },
    },
    metrics: { countDenial: (outcome) => (counted[outcome] = (counted[outcome] ?? 0) + 1) },
    now: Date.now,
  })
  return { denials, recorded, counted }
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

test('records a denial, and how often it was repeated when the minute is over', async () => {
  const { denials, recorded, counted } = noting()
  for (let i = 0; i < 3; i++) denials.note(denial('GET /v1/search'))
  denials.note(denial('GET /v1/search', { permission: 'export' }))
  await vi.advanceTimersByTimeAsync(65_000)
  denials.note(denial('GET /v1/search'))
  await denials.close()
  expect(recorded).toEqual([
    { asked: { route: 'GET /v1/search', permission: 'read' }, who: 'abcd', repeats: undefined },
    { asked: { route: 'GET /v1/search', permission: 'export' }, who: 'abcd', repeats: undefined },
    { asked: { route: 'GET /v1/search', permission: 'read' }, who: 'abcd', repeats: 2 },
    { asked: { route: 'GET /v1/search', permission: 'read' }, who: 'abcd', repeats: undefined },
  ])
  expect(counted).toEqual({ recorded: 4, repeated: 2 })
})

test('strangers with many addresses are one, and what is too much is counted alone', async () => {
  const { denials, recorded, counted } = noting()
  for (let i = 0; i < 500; i++)
    denials.note(denial('GET /v1/search', { caller: undefined, ip: `10.0.1.${i}` }))
  for (let i = 0; i < 500; i++) denials.note(denial(`GET /v1/${i}`))
  await denials.close()
  expect(recorded.filter(({ who }) => who === 'unknown')).toHaveLength(2)
  expect(recorded).toHaveLength(DENIALS_A_MINUTE_MAX + 1)
  expect(counted).toMatchObject({ over_bound: 500 - DENIALS_A_MINUTE_MAX + 1, repeated: 499 })
})

test('what cannot be recorded is counted, and does not pile up', async () => {
  const { denials, recorded, counted } = noting(() => Promise.reject(new Error('no room')))
  denials.note(denial('GET /v1/search'))
  await denials.close()
  expect([recorded, counted]).toEqual([[], { failed: 1 }])

  const stuck = noting(() => new Promise(() => undefined))
  for (let minute = 0; minute < 5; minute++) {
    for (let i = 0; i < DENIALS_A_MINUTE_MAX; i++) stuck.denials.note(denial(`GET /v1/${i}`))
    await vi.advanceTimersByTimeAsync(60_000)
  }
  expect(stuck.counted).toEqual({ over_bound: 3 * DENIALS_A_MINUTE_MAX })
})
