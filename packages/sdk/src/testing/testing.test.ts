import { expect, test } from 'vitest'
import { createAudit } from '../audit/audit.ts'
import { testRecorder, trailMatchers } from './index.ts'

test('the matchers find a record by a part of it', async () => {
  const recorded = testRecorder()
  const trail = recorded.recorder.openTrail({ action: 'GET /orders/:id' })
  trail.setResponse({ status: 200 })
  void trail.finish()
  await createAudit({}, recorded.recorder).event('payment.created', { actor: { id: 'u-1' } })

  const matches = async (expected: object) => (await trailMatchers.toHaveTrail(recorded, expected)).pass
  expect(await matches({ action: 'GET /orders/:id', outcome: 'success' })).toBe(true)
  expect(await matches({ response: { status: expect.any(Number) as number }, errors: [] })).toBe(true)
  expect(await matches({ outcome: 'failure' })).toBe(false)
  expect((await trailMatchers.toHaveEvent(recorded, 'payment.created', { actor: { id: 'u-1' } })).pass).toBe(
    true,
  )
  expect(await recorded.events('payment.created')).toHaveLength(1)
  expect(await recorded.events('other')).toEqual([])
})

test('a matcher says where the nearest record differs', async () => {
  const recorded = testRecorder()
  const missing = await trailMatchers.toHaveTrail(recorded, {})
  expect(missing.message()).toBe('no trail was recorded')
  const trail = recorded.recorder.openTrail()
  trail.setResponse({ status: 500 })
  void trail.finish()
  const wrong = await trailMatchers.toHaveTrail(recorded, { response: { status: 200 } })
  expect(wrong.message()).toContain('/response/status is 500, not 200')
  recorded.clear()
  expect(await recorded.records()).toEqual([])
})
