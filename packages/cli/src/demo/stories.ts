/** What happens in the shop on an ordinary day, and how often. */
import type { Chance } from './chance.ts'
import type { Hop, Story, Work } from './request.ts'
import { ibanOf, type Person, type World } from './world.ts'

type Tell = (world: World, chance: Chance) => Story

/** By how often they come, of all together. */
const STORIES: readonly (readonly [weight: number, tell: Tell])[] = [
  [30, lookAtOrder],
  [14, login],
  [3, mistypedPassword],
  [22, placeOrder],
  [3, declinedCard],
  [9, shipOrder],
  [2, refund],
  [4, changeAddress],
  [0.4, changeRoles],
  [1.5, deniedReport],
  [0.5, changePayout],
]
const WEIGHTS = STORIES.reduce((sum, [weight]) => sum + weight, 0)

export function ordinaryStory(world: World, chance: Chance): Story {
  let at = chance.next() * WEIGHTS
  for (const [weight, tell] of STORIES) {
    at -= weight
    if (at < 0) return tell(world, chance)
  }
  return lookAtOrder(world, chance)
}

const VERIFY: Work = { kind: 'call', type: 'cache', name: 'redis get session', ms: 1.2 }

/** What the gateway does for every request before it passes it on. */
export function throughGateway(hop: Hop, extra: Partial<Hop> = {}): Hop {
  const { method, route, path = route, status, body, answer } = hop
  const shown = { ...(body !== undefined && { body }), ...(answer !== undefined && { answer }) }
  const work: readonly Work[] = [VERIFY, { kind: 'step', name: 'route', ms: 0.3 }, { kind: 'hop', hop }]
  return { service: 'gateway', method, route, path, status, ...shown, work, ...extra }
}

export function loginHop(
  actor: Person,
  outcome: 'success' | 'failure',
  { mfa = false, reason = 'wrong password' }: { readonly mfa?: boolean; readonly reason?: string } = {},
): Hop {
  const isIn = outcome === 'success'
  const hop: Hop = {
    service: 'auth',
    method: 'POST',
    route: '/login',
    status: isIn ? 200 : 401,
    body: { email: actor.email, password: '***' },
    redacted: ['/request/body/password'],
    work: [
      { kind: 'call', type: 'database', name: 'pg select users', ms: 3 },
      { kind: 'step', name: 'check password', ms: 48 },
      {
        kind: 'event',
        action: 'auth.login',
        outcome,
        targets: [{ type: 'user', id: actor.id, name: actor.name }],
        message: isIn ? `${actor.name} logged in` : `${actor.name} was not let in`,
        ...(!isIn && { reason }),
        labels: { mfa },
      },
      ...(isIn ? [{ kind: 'call', type: 'cache', name: 'redis set session', ms: 1.4 } as const] : []),
    ],
  }
  return throughGateway(hop, { redacted: ['/request/body/password'] })
}

function login({ customers, support, admin }: World, chance: Chance): Story {
  const actor = chance.happens(0.1) ? chance.pick([...support, admin]) : chance.pick(customers)
  const mfa = actor.email.endsWith('@shop.example')
  return {
    actor,
    hop: loginHop(actor, 'success', { mfa }),
    auth: { method: 'password', mfa },
    session: `ses-${chance.hex(10)}`,
  }
}

function mistypedPassword({ customers }: World, chance: Chance): Story {
  const actor = chance.pick(customers)
  return { actor, hop: loginHop(actor, 'failure') }
}

function lookAtOrder({ customers }: World, chance: Chance): Story {
  const id = orderId(chance)
  const isCached = chance.happens(0.6)
  const work: Work[] = [
    {
      kind: 'call',
      type: 'cache',
      name: 'redis get order',
      ms: 1.1,
    },
  ]
  if (!isCached) work.push({ kind: 'call', type: 'database', name: 'pg select orders', ms: 6 })
  const hop: Hop = {
    service: 'order',
    method: 'GET',
    route: '/orders/:id',
    path: `/orders/${id}`,
    status: 200,
    work,
  }
  return { actor: chance.pick(customers), hop: throughGateway(hop), ...tokenAuth(chance) }
}

function placeOrder(world: World, chance: Chance): Story {
  return order(world, chance, undefined)
}

function declinedCard(world: World, chance: Chance): Story {
  return order(world, chance, chance.pick(['insufficient funds', 'card expired', 'issuer unavailable']))
}

function order({ customers, sellers }: World, chance: Chance, declined: string | undefined): Story {
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

function shipOrder({ sellers }: World, chance: Chance): Story {
  const id = orderId(chance)
  const hop: Hop = {
    service: 'order',
    method: 'POST',
    route: '/orders/:id/shipment',
    path: `/orders/${id}/shipment`,
    status: 200,
    work: [
      { kind: 'call', type: 'database', name: 'pg update orders', ms: 5 },
      {
        kind: 'event',
        action: 'order.shipped',
        targets: [{ type: 'order', id }],
        changes: [{ path: '/state', old: 'placed', new: 'shipped' }],
        message: `order ${id} left the warehouse`,
      },
      { kind: 'call', type: 'kafka', name: 'produce shipments', ms: 3 },
      { kind: 'log', severity: 'info', message: `label printed for ${id}` },
    ],
  }
  return { actor: chance.pick(sellers), hop: throughGateway(hop), ...tokenAuth(chance) }
}

function refund({ support }: World, chance: Chance): Story {
  const actor = support[2]!
  const amount = chance.between(990, 9900) / 100
  const reason = chance.pick(['arrived broken', 'sent back', 'never arrived'])
  return { actor, hop: refundHop(actor, amount, { reason }, chance), ...staffAuth(chance) }
}

export function refundHop(
  actor: Person,
  amount: number,
  {
    reason,
    iban,
    isRefused = false,
  }: { readonly reason: string; readonly iban?: string; readonly isRefused?: boolean },
  chance: Chance,
): Hop {
  const payment = `p-${chance.between(10_000, 99_999)}`
  const to = iban ?? 'card'
  const path = `/payments/${payment}/refunds`
  const error = { name: 'LimitExceeded', message: 'refunds of one person are limited to 2,000 EUR a day' }
  const hop: Hop = {
    service: 'payment',
    method: 'POST',
    route: '/payments/:id/refunds',
    path,
    status: isRefused ? 422 : 201,
    body: { amount, currency: 'EUR', to },
    ...(isRefused && { errors: [error] }),
    work: [
      { kind: 'call', type: 'database', name: 'pg select payments', ms: 4 },
      { kind: 'step', name: 'check limits', ms: 2 },
      ...(isRefused
        ? []
        : [{ kind: 'call', type: 'http', name: 'POST bank.example/transfers', ms: 140 } as const]),
      {
        kind: 'event',
        action: 'payment.refunded',
        ...(isRefused && { outcome: 'failure' }),
        targets: [{ type: 'payment', id: payment }],
        changes: isRefused ? [] : [{ path: '/state', old: 'paid', new: 'refunded' }],
        message: `${actor.name} ${isRefused ? 'tried to refund' : 'refunded'} ${euros(amount)} of payment ${payment} to ${iban ?? 'the card'}`,
        reason: isRefused ? error.message : reason,
        labels: { amount, currency: 'EUR', to },
      },
    ],
  }
  return throughGateway(hop)
}

function changeAddress({ customers }: World, chance: Chance): Story {
  const actor = chance.pick(customers)
  const street = (): string =>
    `${chance.between(1, 99)} ${chance.pick(['Mill', 'Lake', 'Station', 'Garden'])} Street`
  const hop: Hop = {
    service: 'user',
    method: 'PATCH',
    route: '/users/:id',
    path: `/users/${actor.id}`,
    status: 200,
    work: [
      { kind: 'call', type: 'database', name: 'pg update users', ms: 5 },
      {
        kind: 'event',
        action: 'user.updated',
        targets: [{ type: 'user', id: actor.id, name: actor.name }],
        changes: [{ path: '/address/street', old: street(), new: street() }],
        message: `${actor.name} moved`,
      },
    ],
  }
  return { actor, hop: throughGateway(hop), ...tokenAuth(chance) }
}

function changeRoles({ admin, support }: World, chance: Chance): Story {
  const target = chance.pick(support.slice(0, 2))
  const isGiven = chance.happens(0.5)
  const [without, withRefunds] = [['support'], ['support', 'refunds']]
  const changes = [
    { path: '/roles', old: isGiven ? without : withRefunds, new: isGiven ? withRefunds : without },
  ]
  const hop: Hop = {
    service: 'user',
    method: 'PUT',
    route: '/users/:id/roles',
    path: `/users/${target.id}/roles`,
    status: 200,
    work: [
      { kind: 'call', type: 'database', name: 'pg update roles', ms: 4 },
      {
        kind: 'event',
        action: 'role.changed',
        targets: [{ type: 'user', id: target.id, name: target.name }],
        changes,
        message: `${admin.name} changed the roles of ${target.name}`,
        reason: isGiven ? 'stands in during holidays' : 'is back',
      },
    ],
  }
  return { actor: admin, hop: throughGateway(hop), ...staffAuth(chance) }
}

function deniedReport({ support, sellers }: World, chance: Chance): Story {
  const actor = chance.pick([...support, ...sellers])
  return { actor, hop: deniedHop(actor, '/reports/payouts', 'reports:read'), ...tokenAuth(chance) }
}

export function deniedHop(actor: Person, route: string, permission: string): Hop {
  return throughGateway({
    service: 'user',
    method: 'GET',
    route,
    status: 403,
    answer: { error: 'forbidden' },
    work: [
      { kind: 'step', name: 'check permission', ms: 1 },
      {
        kind: 'event',
        action: 'access.denied',
        outcome: 'denied',
        targets: [{ type: 'route', id: route }],
        message: `${actor.name} may not see ${route}`,
        reason: `needs ${permission}`,
      },
    ],
  })
}

function changePayout({ sellers }: World, chance: Chance): Story {
  const actor = chance.pick(sellers)
  const hop = payoutHop(actor, actor, ibanOf(chance), 'confirmed by letter')
  return { actor, hop, auth: { method: 'oidc', mfa: true }, session: `ses-${chance.hex(10)}` }
}

/** `actor` changes where the money of `seller` goes. */
export function payoutHop(actor: Person, seller: Person, iban: string, reason: string): Hop {
  return throughGateway({
    service: 'payment',
    method: 'PUT',
    route: '/sellers/:id/payout-account',
    path: `/sellers/${seller.id}/payout-account`,
    status: 200,
    body: { iban },
    work: [
      { kind: 'call', type: 'database', name: 'pg select sellers', ms: 4 },
      { kind: 'call', type: 'database', name: 'pg update payout_accounts', ms: 6 },
      {
        kind: 'event',
        action: 'payout_account.changed',
        targets: [{ type: 'payout_account', id: `acc-${seller.id}`, name: `${seller.name}, payouts` }],
        changes: [{ path: '/iban', old: seller.iban, new: iban }],
        message: `${actor.name} changed the payout account of ${seller.name}`,
        reason,
      },
    ],
  })
}

function tokenAuth(chance: Chance): Pick<Story, 'auth' | 'session'> {
  return { auth: { method: 'session', mfa: false }, session: `ses-${chance.hex(10)}` }
}

function staffAuth(chance: Chance): Pick<Story, 'auth' | 'session'> {
  return { auth: { method: 'oidc', mfa: true }, session: `ses-${chance.hex(10)}` }
}

function orderId(chance: Chance): string {
  return `o-${chance.between(10_000, 99_999)}`
}

function euros(amount: number): string {
  return `${amount.toFixed(2)} EUR`
}
