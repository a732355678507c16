/** Records of a small shop, for pages to show. */
import type { TestServer } from '../support/test-server.ts'

export const PAYOUT = {
  timestamp: '2026-11-20T09:30:00.000Z',
  service: 'payment',
  environment: 'production',
  action: 'payout_account.changed',
  outcome: 'success',
  actor: { type: 'user', id: 'u-elif', name: 'Elif', email: 'elif@shop.example' },
  targets: [{ type: 'account', id: 'acc-8' }],
  changes: [{ path: '/iban', old: 'DE02120300000000202051', new: 'DE02500105170137075030' }],
  message: 'Elif changed the payout account',
}

/** Its place in the ledger. */
export const PAYOUT_INDEX = 270

const ACTIONS = ['order.placed', 'order.cancelled', 'auth.login', 'user.updated']
const OUTCOMES = ['success', 'success', 'success', 'failure', 'denied']
const START_MS = Date.parse('2026-11-20T08:00:00Z')

function ordinary(i: number): Record<string, unknown> {
  return {
    timestamp: new Date(START_MS + i * 20_000).toISOString(),
    service: i % 2 === 0 ? 'order' : 'auth',
    environment: 'production',
    action: ACTIONS[i % ACTIONS.length],
    outcome: OUTCOMES[i % OUTCOMES.length],
    actor: { type: 'user', id: `u-${i % 7}`, name: `Person ${i % 7}` },
    message: i % 50 === 0 ? `שלום ${'a long word without end '.repeat(40)}` : `step ${i}`,
  }
}

/** 600 ordinary records and one that somebody will look for. */
export async function fillShop(server: TestServer): Promise<void> {
  const records = Array.from({ length: 600 }, (_, i) => (i === PAYOUT_INDEX ? PAYOUT : ordinary(i)))
  const { status } = await server.post('/v1/events?wait=index', records)
  if (status !== 200) throw new Error(`the shop was answered ${status}`)
}
