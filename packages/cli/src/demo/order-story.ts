/** An order: through three services, to the bank of the card and back. */
import type { Chance } from './chance.ts'
import { euros, throughGateway, tokenAuth } from './hops.ts'
import type { Hop, Story, Work } from './request.ts'
import type { World } from './world.ts'

/** `declined`: why the card was not charged; undefined: it was. */
export function order({ customers, sellers }: World, chance: Chance, declined: string | undefined): Story {
  const actor = chance.pick(customers)
  const seller = chance.pick(sellers)
  const [id, payment] = [orderId(chance), `p-${chance.between(10_000, 99_999)}`]
  const amount = chance.between(990, 24_900) / 100
  const status = declined === undefined ? 201 : 402
  const labels = { amount, currency: 'EUR', seller: seller.id }
  const error = { name: 'CardDeclined', message: declined ?? '' }
  const failing = declined === undefined ? {} : { error }
  const errors = declined === undefined ? {} : { errors: [error] }
  const charge: Hop = {
    service: 'payment',
    method: 'POST',
    route: '/charges',
    status,
    body: { order: id, amount, currency: 'EUR' },
    ...errors,
    work: [
      { kind: 'step', name: 'risk score', ms: 4 },
      { kind: 'call', type: 'http', name: 'POST cards.example/authorize', ms: 85, ...failing },
      { kind: 'call', type: 'database', name: 'pg insert payments', ms: 5 },
      {
        kind: 'event',
        action: declined === undefined ? 'payment.created' : 'payment.declined',
        ...(declined !== undefined && { outcome: 'failure', reason: declined }),
        targets: [
          { type: 'payment', id: payment },
          { type: 'order', id },
        ],
        message: `${euros(amount)} ${declined === undefined ? 'charged' : 'not charged'} for order ${id}`,
        labels,
      },
    ],
  }
  const after: Work[] = [
    {
      kind: 'event',
      action: 'order.placed',
      targets: [{ type: 'order', id }],
      message: `${actor.name} ordered for ${euros(amount)}`,
      labels,
    },
    { kind: 'call', type: 'kafka', name: 'produce orders', ms: 3 },
  ]
  const hop: Hop = {
    service: 'order',
    method: 'POST',
    route: '/orders',
    status,
    body: { items: [{ sku: `sku-${chance.between(100, 999)}`, quantity: chance.between(1, 3) }], amount },
    answer: declined === undefined ? { id, state: 'placed' } : { error: 'payment required' },
    ...errors,
    work: [
      { kind: 'step', name: 'price', ms: 2 },
      { kind: 'call', type: 'database', name: 'pg select stock', ms: 4 },
      { kind: 'hop', hop: charge },
      { kind: 'call', type: 'database', name: 'pg insert orders', ms: 6 },
      ...(declined === undefined ? after : []),
    ],
  }
  return { actor, hop: throughGateway(hop), ...tokenAuth(chance) }
}

export function orderId(chance: Chance): string {
  return `o-${chance.between(10_000, 99_999)}`
}
