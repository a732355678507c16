/** What happens in the shop on an ordinary day, and how often. */
import type { Chance } from './chance.ts'
import { deniedHop, loginHop, payoutHop, refundHop, staffAuth, throughGateway, tokenAuth } from './hops.ts'
import { order, orderId } from './order-story.ts'
import type { Hop, Story, Work } from './request.ts'
import { ibanOf, type World } from './world.ts'

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

function changePayout({ sellers }: World, chance: Chance): Story {
  const actor = chance.pick(sellers)
  const hop = payoutHop(actor, actor, ibanOf(chance), 'confirmed by letter')
  return { actor, hop, auth: { method: 'oidc', mfa: true }, session: `ses-${chance.hex(10)}` }
}
