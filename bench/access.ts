/** What a decision costs: `node --conditions=trailproof-source bench/access.ts`; a second for each kind of caller. */
import { decide } from '../packages/server/src/access/decide.ts'
import { setOf } from '../packages/server/src/access/permissions.ts'
import {
  BUILT_IN_ROLES,
  type Grant,
  grantOf,
  type Role,
  SCOPE_ROLES,
} from '../packages/server/src/access/roles.ts'
import { rowCondition } from '../packages/server/src/access/row-condition.ts'

const facts = { id: 'k', name: 'k', teams: ['payments', 'fraud'] }
const ownTeam: Role = {
  name: 'own-team',
  description: '',
  permissions: setOf('read', 'unmask', 'save-searches'),
  rows: rowCondition('record.labels.team in caller.teams && record.service != "vault"'),
  hidden: ['actor.email', 'metadata.salary'],
}
const ledgers = Array.from({ length: 8 }, (_, i) => `ledger-${i}`)
const callers: Readonly<Record<string, readonly Grant[]>> = {
  'a key with a scope': [grantOf(SCOPE_ROLES.read, undefined, facts)],
  'a key with a role on one ledger': [grantOf(BUILT_IN_ROLES[3]!, 'ledger-7', facts)],
  'a role with rows and hidden fields': [grantOf(ownTeam, 'ledger-7', facts)],
  'three roles on each of eight ledgers': ledgers.flatMap((ledger) =>
    [ownTeam, BUILT_IN_ROLES[3]!, BUILT_IN_ROLES[4]!].map((role) => grantOf(role, ledger, facts)),
  ),
}

const isWithin = (ledger: string, granted: string): boolean => ledger === granted

for (const [name, grants] of Object.entries(callers)) {
  const subject = { kind: 'key', id: 'k' } as const
  const caller = { kind: 'caller', subject, id: 'k', name: 'k', grants, home: undefined } as const
  let decided = 0
  let allowed = 0
  const end = performance.now() + 1000
  while (performance.now() < end)
    for (let i = 0; i < 1000; i++) {
      if (decide(caller, 'read', 'ledger-7', isWithin).kind === 'allowed') allowed++
      decided++
    }
  if (allowed !== decided) throw new Error(`${name}: denied`)
  console.log(`${name}: ${(1e6 / decided).toFixed(3)} µs`)
}
