/** Records as an ordinary service sends them: about 480 bytes of JSON each, every one with an id of its own. */
import { uuidv7 } from 'uuidv7'

const ACTIONS = [
  'payment.created',
  'payment.refunded',
  'user.updated',
  'order.placed',
  'session.opened',
  'role.granted',
]
const SERVICES = ['payment-api', 'user-api', 'order-api', 'auth-api', 'gateway']
const OUTCOMES = ['success', 'success', 'success', 'success', 'success', 'success', 'failure', 'denied']

/** SplitMix32: a generator of its own, so that a run can be repeated. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1
  return (below) => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below
  }
}

export type SampleRecord = Readonly<Record<string, unknown>>

/** `stepMs` lies between the timestamps of one record and the next. */
export function sampleRecords(count: number, seed = 1, timestampMs = Date.now(), stepMs = 1): SampleRecord[] {
  const random = randomOf(seed)
  return Array.from({ length: count }, (_, i) => {
    const person = random(50_000)
    const order = random(1_000_000)
    const action = ACTIONS[random(ACTIONS.length)]!
    return {
      id: uuidv7(),
      timestamp: new Date(timestampMs + i * stepMs).toISOString(),
      service: SERVICES[random(SERVICES.length)],
      environment: 'production',
      action,
      outcome: OUTCOMES[random(OUTCOMES.length)],
      trace_id: (
        random(2 ** 31)
          .toString(16)
          .padStart(8, '0') + i.toString(16).padStart(8, '0')
      ).padStart(32, '4bf92f35'),
      actor: { type: 'user', id: `u-${person}`, name: `Person ${person}`, roles: ['member'] },
      targets: [{ type: action.split('.')[0], id: `o-${order}` }],
      source: { ip: `10.${random(256)}.${random(256)}.${random(256)}`, user_agent: 'shop-android/8.14' },
      metadata: { amount_cents: random(100_000), currency: 'EUR', attempt: random(3) },
    }
  })
}
