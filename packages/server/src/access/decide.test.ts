import type { Filter } from '@trailproof/core/query'
import { expect, test } from 'vitest'
import type { Caller } from './caller.ts'
import { decide, notHeldFully } from './decide.ts'
import { bitOf, PERMISSION_NAMES, type Permission, setOf } from './permissions.ts'
import { BUILT_IN_ROLES, type Grant, type Role, SCOPE_ROLES } from './roles.ts'

const subject = { kind: 'key', id: 'k' } as const
const callerWith = (...grants: readonly Grant[]): Caller => ({
  kind: 'caller',
  subject,
  id: 'k',
  name: 'k',
  grants,
  home: undefined,
})
const builtIn = (name: string): Role => BUILT_IN_ROLES.find((role) => role.name === name)!
const on = (role: Role, ledger?: string, rows?: Filter): Grant => ({ role, ledger, rows })
const same = (ledger: string, granted: string): boolean => ledger === granted
const team = (value: string): Filter => ({
  kind: 'field',
  field: 'labels.team',
  test: { op: 'equals', value },
})
const custom = (permissions: readonly Permission[], hidden: readonly string[] = []): Role => ({
  name: 'custom',
  description: '',
  permissions: setOf(...permissions),
  rows: undefined,
  hidden,
})

const unmasked = (...grants: readonly Grant[]) =>
  decide(callerWith(...grants), 'read', 'main', same, { unmasked: true })
const beyond = (grant: Grant, ledger?: string) => notHeldFully(callerWith(grant), ['read'], ledger, same)

test('every permission has a bit of its own', () => {
  expect(new Set(PERMISSION_NAMES.map(bitOf)).size).toBe(PERMISSION_NAMES.length)
})

test('without a grant everything is denied, and every role is denied what it does not have', () => {
  for (const permission of PERMISSION_NAMES) {
    expect(decide(callerWith(), permission, 'main', same).kind).toBe('denied')
    for (const role of [...BUILT_IN_ROLES, ...Object.values(SCOPE_ROLES)]) {
      const expected = (role.permissions & bitOf(permission)) === 0 ? 'denied' : 'allowed'
      for (const [ledger, asked] of [
        [undefined, undefined],
        [undefined, 'main'],
        ['main', 'main'],
      ] as const)
        expect(decide(callerWith(on(role, ledger)), permission, asked, same).kind).toBe(expected)
      expect(decide(callerWith(on(role, 'main')), permission, 'other', same).kind).toBe('denied')
      expect(decide(callerWith(on(role, 'main')), permission, undefined, same).kind).toBe('denied')
    }
  }
})

test('a ledger of accesses takes read-access beside what is done with it', () => {
  const ask = (role: Role, ledger?: string) =>
    decide(callerWith(on(role, ledger)), 'read', 'main.access', same).kind
  expect(ask(builtIn('viewer'))).toBe('denied')
  expect(ask(builtIn('analyst'))).toBe('denied')
  expect(ask(builtIn('auditor'))).toBe('allowed')
  expect(ask(builtIn('auditor'), 'main')).toBe('allowed')
  expect(ask(builtIn('auditor'), 'other')).toBe('denied')
  expect(ask(SCOPE_ROLES.read)).toBe('denied')
  // Not of two grants together: each was given for something else.
  const two = callerWith(on(builtIn('viewer')), on(custom(['read-access'])))
  expect(decide(two, 'read', 'main.access', same).kind).toBe('denied')
})

test.each<[string, readonly Grant[], object]>([
  ['masked', [on(builtIn('viewer'))], { personal: 'masked', rows: undefined, hidden: [] }],
  ['shown by the old scope', [on(SCOPE_ROLES.read)], { personal: 'shown', rows: undefined }],
  [
    'a grant within another adds nothing',
    [on(builtIn('viewer')), on(SCOPE_ROLES.read)],
    { personal: 'shown' },
  ],
  [
    'rows are united',
    [on(builtIn('viewer'), undefined, team('a')), on(builtIn('viewer'), undefined, team('b'))],
    { rows: { kind: 'or', parts: [team('a'), team('b')] } },
  ],
  [
    'rows and all records are all',
    [on(builtIn('viewer'), undefined, team('a')), on(builtIn('viewer'))],
    { rows: undefined },
  ],
  [
    'everything of some and little of all is little of all',
    [on(SCOPE_ROLES.read, undefined, team('a')), on(builtIn('viewer'))],
    { rows: undefined, personal: 'masked' },
  ],
  [
    'what one hides stays hidden, unless another shows all that it does',
    [on(custom(['read'], ['actor.email']), undefined, team('a')), on(custom(['read'], ['labels.x']))],
    { rows: undefined, hidden: ['actor.email', 'labels.x'] },
  ],
  [
    'of another ledger it says nothing',
    [on(builtIn('viewer'), 'main'), on(SCOPE_ROLES.read, 'other')],
    { personal: 'masked' },
  ],
])('the sight of grants: %s', (_, grants, sight) => {
  expect(decide(callerWith(...grants), 'read', 'main', same)).toMatchObject({ kind: 'allowed', sight })
})

test('unmasked, only records that may be unmasked are there', () => {
  expect(unmasked(on(builtIn('viewer')))).toMatchObject({ kind: 'denied', permission: 'unmask' })
  expect(unmasked(on(builtIn('analyst')))).toMatchObject({ sight: { personal: 'shown', rows: undefined } })
  expect(unmasked(on(builtIn('analyst'), undefined, team('a')), on(builtIn('viewer')))).toMatchObject({
    sight: { personal: 'shown', rows: team('a') },
  })
})

test('nobody gives what they do not have of all records and fields', () => {
  expect(beyond(on(builtIn('admin')))).toBeUndefined()
  expect(beyond(on(builtIn('admin'), 'main'), 'main')).toBeUndefined()
  expect(beyond(on(builtIn('admin'), 'main'))).toBe('read')
  expect(beyond(on(builtIn('producer')))).toBe('read')
  expect(beyond(on(builtIn('viewer'), undefined, team('a')))).toBe('read')
  expect(beyond(on(custom(['read'], ['actor.email'])))).toBe('read')
})
