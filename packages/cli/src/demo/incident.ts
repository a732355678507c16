/** The one thing in the shop that is not as usual: an account is taken over, and money leaves by it. */
import type { Chance } from './chance.ts'
import { deniedHop, loginHop, payoutHop, refundHop } from './hops.ts'
import type { Story } from './request.ts'
import { ibanOf, type World } from './world.ts'

export const INTRUDER_IP = '203.0.113.66'
/** Finds all of it, and nothing else. */
export const INCIDENT_QUERY = `source.ip:${INTRUDER_IP}`

export interface IncidentStep {
  /** After its beginning. */
  readonly afterMs: number
  readonly story: Story
}

const SECOND = 1000
const MINUTE = 60 * SECOND
export const INCIDENT_MS = 24 * MINUTE

const GUESSES = 14
const REFUNDS = 8
const REFUSED = 11

/** By time. The guesses, the login from elsewhere, a look around, the account, the refunds, and the limit that stops them. */
export function incident({ victim, sellers }: World, chance: Chance): readonly IncidentStep[] {
  const session = `ses-${chance.hex(10)}`
  const from = {
    actor: victim,
    ip: INTRUDER_IP,
    country: 'NZ',
    userAgent: 'python-requests/2.32.3',
  }
  const inside = { ...from, session, auth: { method: 'password', mfa: false } }
  const seller = sellers[0]!
  const iban = ibanOf(chance)
  const refundOf = (isRefused: boolean): Story => ({
    ...inside,
    hop: refundHop(
      victim,
      chance.between(18_900, 24_900) / 100,
      { reason: 'sent back', iban, isRefused },
      chance,
    ),
  })
  return [
    ...Array.from({ length: GUESSES }, (_, i) => ({
      afterMs: i * 9 * SECOND,
      story: { ...from, hop: loginHop(victim, 'failure') },
    })),
    { afterMs: 3 * MINUTE, story: { ...inside, hop: loginHop(victim, 'success') } },
    { afterMs: 4 * MINUTE, story: { ...inside, hop: deniedHop(victim, '/reports/payouts', 'reports:read') } },
    { afterMs: 5 * MINUTE, story: { ...inside, hop: deniedHop(victim, '/users/export', 'users:export') } },
    { afterMs: 8 * MINUTE, story: { ...inside, hop: payoutHop(victim, seller, iban, 'asked for by phone') } },
    ...Array.from({ length: REFUNDS }, (_, i) => ({
      afterMs: (11 + i) * MINUTE,
      story: refundOf(false),
    })),
    ...Array.from({ length: REFUSED }, (_, i) => ({
      afterMs: 20 * MINUTE + i * 4 * SECOND,
      story: refundOf(true),
    })),
  ]
}
