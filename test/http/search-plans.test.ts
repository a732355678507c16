import { expect, test } from 'vitest'
import { testServer } from '../support/test-server.ts'

const START_MS = Date.UTC(2026, 0, 1)

/** 5,000 records over ten days, alike in every run. */
const RECORDS = Array.from({ length: 5000 }, (_, n) => ({
  timestamp: new Date(START_MS + n * 172_800).toISOString(),
  action: `${['payment', 'order', 'user'][n % 3]}.${['created', 'changed'][n % 2]}`,
  service: `service-${n % 5}`,
  outcome: ['success', 'success', 'success', 'failure', 'denied'][n % 5],
  actor: { type: 'user', id: `u-${n % 97}`, name: `Person ${n % 97}` },
  targets: [{ type: 'order', id: `o-${n % 1013}` }],
  labels: { team: `t-${n % 11}` },
  latency_ms: n % 500,
  response: { status: n % 5 === 3 ? 500 : 200 },
  message: `order o-${n} of person ${n % 97}`,
}))

const QUERIES = [
  '',
  'actor:u-7',
  'target:o-5 outcome:failure',
  'action:payment.* outcome:denied',
  'service:service-1 ts:2026-01-03..2026-01-04',
  'Person 42',
  '"order o-77"',
  'label:team=t-3 -outcome:success',
  'actor:u-7 OR actor:u-8',
  'latency_ms:>490',
  'status:5xx',
  'message:/o-7+ /',
  'actor:u-*',
  'has:reason',
  'metadata.cart:c-1',
]

test('queries are answered by the plans that were measured', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', RECORDS)
  const plans: string[] = []
  for (const q of QUERIES) {
    const { steps } = await server.get<{ steps: string[] }>(`/v1/search/explain?q=${encodeURIComponent(q)}`)
    plans.push(`${q === '' ? '(every record)' : q}\n${steps.map((step) => `  ${step}\n`).join('')}`)
  }
  await expect(plans.join('\n')).toMatchFileSnapshot('search-plans.txt')
})
