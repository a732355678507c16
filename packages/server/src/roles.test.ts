import { describe, expect, test } from 'vitest'
import { assertRoles, rolesOf } from './roles.ts'
import type { Settings } from './settings.ts'

const shared = { database: 'postgres://db/t', intake: 'kafka://k:9092', search_index: '' }
const alone = { database: '', intake: 'direct', search_index: '' }
const INDEX = { search_index: 'postgres://db/t' }

const checked = (settings: Partial<Settings>) => () => assertRoles({ ...shared, roles: 'all', ...settings })

test('all is every role', () => {
  expect([...rolesOf({ roles: 'all' })].toSorted()).toEqual(['api', 'indexer', 'receiver', 'sequencer'])
  expect([...rolesOf({ roles: 'api,receiver,api' })].toSorted()).toEqual(['api', 'receiver'])
})

describe('roles that cannot work are refused at the start', () => {
  test.each([
    { ...alone },
    {},
    { roles: 'receiver' },
    { roles: 'receiver,sequencer' },
    { roles: 'sequencer,receiver,indexer,api', ...alone },
    { roles: 'api,indexer' },
    { roles: 'api', ...INDEX },
    { roles: 'indexer', ...INDEX },
  ])('not %o', (settings) => {
    expect(checked(settings)).not.toThrow()
  })

  test.each([
    [{ roles: 'receiver', ...alone }, 'set database and intake'],
    [{ roles: 'api,indexer,sequencer', ...alone, database: 'postgres://db/t' }, 'set database and intake'],
    [{ roles: 'api' }, 'set search_index'],
    [{ roles: 'receiver,indexer' }, 'set search_index'],
  ])('%o', (settings, why) => {
    expect(checked(settings)).toThrow(
      expect.objectContaining({ code: 'BAD_SETTING', message: expect.stringContaining(why) as string }),
    )
  })
})
