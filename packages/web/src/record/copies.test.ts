import { expect, test } from 'vitest'
import type { ShownRecord } from '../api/answers.ts'
import { curlFor, linkTo, summaryOf } from './copies.ts'

const PAGE = 'https://trail.example.com/audit/#/?q=action:x'
const RECORD: ShownRecord = {
  id: '0198319c-2a3d-7abc-8def-0123456789ab',
  ledger: 'main',
  index: 270,
  recorded_at: '2026-11-20T09:30:01.000Z',
  timestamp: '2026-11-20T10:30:00+01:00',
  action: 'payout_account.changed',
  outcome: 'success',
  service: 'payment',
  actor: { id: 'u-elif', name: 'Elif' },
  targets: [{ type: 'account', id: 'acc-8' }],
  changes: [
    { path: '/iban', old: 'DE1', new: { bank: 'b' } },
    { path: '/pin', old: '***', new: '***', redacted: true },
  ],
  reason: 'asked by phone',
}

test('a link shows the record, whatever was asked when it was copied', () => {
  expect(linkTo(RECORD, PAGE)).toBe(
    'https://trail.example.com/audit/#/?last=&ledger=main&record=0198319c-2a3d-7abc-8def-0123456789ab',
  )
})

test('a request asks below the path of the page, and holds no key', () => {
  expect(curlFor({ ...RECORD, ledger: "it's" }, PAGE)).toBe(
    `curl -H "Authorization: Bearer $TRAILPROOF_TOKEN" 'https://trail.example.com/audit/v1/events/${RECORD.id}?ledger=it%27s'`,
  )
})

test('a summary tells who did what to what, in UTC, and what is masked stays so', () => {
  expect(summaryOf(RECORD, PAGE).split('\n')).toEqual([
    '2026-11-20T09:30:00.000Z  payout_account.changed  success',
    'by Elif (u-elif) on account acc-8 in payment',
    'Reason: asked by phone',
    '/iban: DE1 → {"bank":"b"}',
    '/pin: changed, masked',
    `Entry 270 of ledger main: ${linkTo(RECORD, PAGE)}`,
  ])
})
