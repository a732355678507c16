/** Requests that come in several stories: logins, refunds, payout accounts, what is denied. */
import type { Chance } from './chance.ts'
import type { Hop, Story, Work } from './request.ts'
import type { Person } from './world.ts'

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

export function tokenAuth(chance: Chance): Pick<Story, 'auth' | 'session'> {
  return { auth: { method: 'session', mfa: false }, session: `ses-${chance.hex(10)}` }
}

export function staffAuth(chance: Chance): Pick<Story, 'auth' | 'session'> {
  return { auth: { method: 'oidc', mfa: true }, session: `ses-${chance.hex(10)}` }
}

export function euros(amount: number): string {
  return `${amount.toFixed(2)} EUR`
}
