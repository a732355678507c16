import { expect, test } from 'vitest'
import type { ShownRecord } from '../api/answers.ts'
import { compareShown } from './compare-shown.ts'

const SHOWN: ShownRecord = {
  id: 'a',
  ledger: 'main',
  index: 3,
  recorded_at: '2026-01-01T00:00:00Z',
  action: 'a.b',
  message: 'hello',
}
const core = { id: 'a', action: 'a.b' }

test('what is shown as it was proved is no difference, nor is what is proved and not shown', () => {
  const personal = { message: 'hello', reason: 'not for everybody' }
  expect(compareShown(SHOWN, { core, personal })).toEqual({ altered: [], unproved: [] })
})

test('what is shown otherwise is named, and what is shown and was never recorded', () => {
  const shown = { ...SHOWN, action: 'a.c' }
  expect(compareShown(shown, { core, personal: {} })).toEqual({
    altered: ['action', 'message'],
    unproved: [],
  })
})

test('of a group that was erased since, nothing can be said', () => {
  const shown = { ...SHOWN, action: 'a.c' }
  expect(compareShown(shown, { core, personal: undefined })).toEqual({
    altered: ['action'],
    unproved: ['message'],
  })
})
