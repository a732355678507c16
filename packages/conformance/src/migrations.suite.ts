/** What migrations must do in every kind of database. */
import { type MigrationModule, type MigrationTarget, Migrator } from '@trailproof/server/migrate'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

export interface MigrationDriver {
  readonly name: string
  /** A place where nothing was ever applied. */
  open(): Promise<MigrationTarget>
  /** The same place once more, as another process would have it. */
  again(): Promise<MigrationTarget>
}

const users: MigrationModule = {
  name: 'users',
  dependsOn: [],
  migrations: [
    {
      version: 1,
      name: 'users',
      up: 'CREATE TABLE person (id int); CREATE TABLE role (id int)',
      down: 'DROP TABLE person; DROP TABLE role',
    },
    { version: 2, name: 'index', up: 'CREATE INDEX person_id ON person (id)', down: 'DROP INDEX person_id' },
  ],
}
const billing: MigrationModule = {
  name: 'billing',
  dependsOn: ['users'],
  migrations: [
    {
      version: 1,
      name: 'invoice',
      up: 'CREATE TABLE invoice (id int)',
      down: 'DROP TABLE invoice',
      evidence: 'SELECT 1 FROM invoice',
    },
  ],
}
const both = [billing, users]

export function migrationsSuite(driver: MigrationDriver): void {
  describe(`Migrations: ${driver.name}`, () => {
    let target: MigrationTarget
    beforeEach(async () => {
      target = await driver.open()
    })
    afterEach(() => target[Symbol.asyncDispose]())

    test('says what it would do, does it once in the order of dependencies, and writes it down', async () => {
      const migrator = new Migrator(target, both)
      expect((await migrator.plan()).map(({ module, migration }) => [module.name, migration.name])).toEqual([
        ['users', 'users'],
        ['users', 'index'],
        ['billing', 'invoice'],
      ])
      expect((await migrator.status()).map(({ version, pending }) => [version, pending])).toEqual([
        [0, 2],
        [0, 1],
      ])
      const done = await migrator.up('somebody@here')
      expect(done.map(({ module, migration }) => `${module} ${migration}`)).toEqual([
        'users 0001-users',
        'users 0002-index',
        'billing 0001-invoice',
      ])
      expect(await migrator.plan()).toEqual([])
      expect(await migrator.up('somebody@here')).toEqual([])
      expect(await migrator.validate()).toEqual([])
      const executions = await migrator.executions()
      expect(executions).toHaveLength(3)
      for (const { executedBy, durationMs, checksum, startedAt, direction, error } of executions) {
        expect(executedBy).toBe('somebody@here')
        expect(durationMs).toBeGreaterThanOrEqual(0)
        expect(checksum).toMatch(/^[0-9a-f]{64}$/)
        expect(new Date(startedAt).toISOString()).toBe(startedAt)
        expect([direction, error]).toEqual(['up', undefined])
      }
    })

    test('two starters at the same moment apply each migration once', async () => {
      await using other = await driver.again()
      const results = await Promise.allSettled([
        new Migrator(target, both).up('first'),
        new Migrator(other, both).up('second'),
      ])
      // The second one waits, or is told that another one is at it; never do both work.
      expect(results.some(({ status }) => status === 'fulfilled')).toBe(true)
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'LOCK_HELD' })
      expect(await new Migrator(target, both).executions()).toHaveLength(3)
    })

    test('stops at the version asked for, of the module asked for and what it needs', async () => {
      const migrator = new Migrator(target, both)
      await migrator.up('x', { module: 'users', to: 1 })
      expect((await migrator.status()).map(({ version }) => version)).toEqual([1, 0])
      await migrator.up('x', { module: 'billing' })
      expect((await migrator.status()).map(({ version }) => version)).toEqual([2, 1])
      await expect(migrator.up('x', { module: 'nothing' })).rejects.toMatchObject({ code: 'BAD_SETTING' })
    })

    test('rolls a migration that fails back as a whole, keeps those before it, and writes the failure down', async () => {
      const broken = {
        version: 2,
        name: 'broken',
        up: 'CREATE TABLE half (id int); INSERT INTO nowhere VALUES (1)',
      }
      const modules = [{ ...users, migrations: [users.migrations[0]!, broken] }]
      const migrator = new Migrator(target, modules)
      await expect(migrator.up('x')).rejects.toThrow(/nowhere/)
      expect((await migrator.list()).map(({ appliedAt }) => appliedAt !== undefined)).toEqual([true, false])
      expect((await migrator.executions()).map(({ error }) => error !== undefined)).toEqual([false, true])
      const mended = [
        { ...users, migrations: [users.migrations[0]!, { ...broken, up: 'CREATE TABLE half (id int)' }] },
      ]
      await new Migrator(target, mended).up('x')
    })

    test('takes back newest first, and forward again', async () => {
      const migrator = new Migrator(target, both)
      await migrator.up('x')
      expect((await migrator.down('x', { module: 'users' })).map(({ migration }) => migration)).toEqual([
        '0002-index',
      ])
      await migrator.down('x', { module: 'billing', to: 0 })
      await migrator.down('x', { module: 'users', to: 0 })
      expect((await migrator.status()).map(({ version }) => version)).toEqual([0, 0])
      expect(await migrator.up('x')).toHaveLength(3)
    })

    test('does not take back what another module depends on', async () => {
      const migrator = new Migrator(target, both)
      await migrator.up('x')
      await expect(migrator.down('x', { module: 'users', to: 0 })).rejects.toThrow(/billing depends on it/)
    })

    test('does not take back what holds evidence, nor what has no way back', async () => {
      const full = { version: 2, name: 'first', up: 'INSERT INTO invoice VALUES (1)', down: 'SELECT 1' }
      const last = { version: 3, name: 'last', up: 'CREATE TABLE more (id int)' }
      const modules = [users, { ...billing, migrations: [...billing.migrations, full, last] }]
      const migrator = new Migrator(target, modules)
      await migrator.up('x')
      await expect(migrator.down('x', { module: 'billing' })).rejects.toThrow(/no way back/)
      const shorter = new Migrator(target, [
        users,
        { ...billing, migrations: [...billing.migrations, full, { ...last, down: 'DROP TABLE more' }] },
      ])
      await expect(shorter.down('x', { module: 'billing', to: 0 })).rejects.toMatchObject({
        code: 'MIGRATION_REFUSED',
        message: expect.stringContaining('0001-invoice'),
      })
      // Nothing of it was done.
      expect((await shorter.status())[1]!.version).toBe(3)
    })

    test.each([
      [
        'changed',
        [{ ...users.migrations[0]!, up: 'CREATE TABLE person (id int) ' }, users.migrations[1]!],
        '0001-users',
      ],
      ['unknown', [users.migrations[0]!], '0002-index'],
    ] as const)('names a migration that is %s, and goes nowhere with it', async (kind, migrations, name) => {
      await new Migrator(target, [users]).up('x')
      const other = new Migrator(target, [{ ...users, migrations }])
      expect(await other.validate()).toMatchObject([{ module: 'users', migration: name, kind }])
      for (const work of [
        () => other.up('x'),
        () => other.plan(),
        () => other.down('x', { module: 'users' }),
      ])
        await expect(work()).rejects.toMatchObject({
          code: 'DATA_DAMAGED',
          message: expect.stringContaining(name),
        })
    })

    test('names a migration that was slipped in behind a later one', async () => {
      const later = {
        ...users,
        migrations: users.migrations.map((one) => ({ ...one, version: one.version * 10 })),
      }
      await new Migrator(target, [later]).up('x')
      const slipped = {
        ...later,
        migrations: [...later.migrations, { version: 15, name: 'slipped', up: 'CREATE TABLE late (id int)' }],
      }
      await expect(new Migrator(target, [slipped]).up('x')).rejects.toThrow(/0015-slipped is not applied/)
    })

    test('makes books, and nothing else, when asked to', async () => {
      const migrator = new Migrator(target, both)
      await migrator.init()
      await migrator.init()
      expect((await migrator.list()).map(({ appliedAt }) => appliedAt)).toEqual([
        undefined,
        undefined,
        undefined,
      ])
    })
  })
}
