import { expect, test } from 'vitest'
import { Metrics } from '../metrics/metrics.ts'
import { CacheReports } from './cache-reports.ts'

test('warns once a minute at most, and then says how often it had reason to; counts every time', () => {
  let now = 5_000
  const said: unknown[] = []
  const { registry } = new Metrics()
  const log = { warn: (details: { unsaid: number }) => void said.push(details.unsaid) }
  const reports = new CacheReports({ registry }, log, () => now)
  for (let i = 0; i < 5; i++) reports.failed('read', new Error('away'))
  reports.refused('counts')
  now += 59_999
  reports.failed('write', new Error('full'))
  expect(said).toEqual([0])
  now += 1
  reports.failed('read', new Error('away'))
  expect(said).toEqual([0, 6])
  expect(registry.value('trailproof_cache_errors_total', 'read').current).toBe(6)
  expect(registry.value('trailproof_cache_errors_total', 'write').current).toBe(1)
  expect(registry.value('trailproof_cache_refused_total', 'counts').current).toBe(1)
})
