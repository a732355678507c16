/** What the database itself refuses: to the application's role by privileges, to everybody by triggers. */
import {
  openPostgresCheckpointLock,
  openPostgresDirectory,
  openPostgresLedgerStore,
} from '@trailproof/server/postgres'
import pg from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { execute, onEachPostgres } from '../../../test/support/each-postgres.ts'
import { migrated } from '../../../test/support/migrated-database.ts'
import { batchSource } from './sealed-batches.ts'

const KEYS = { dedupeKey: new Uint8Array(32).fill(1), idKey: new Uint8Array(32).fill(2) }
const LEDGER = 'trailproof_ledger'
/** A class of SQLSTATE that is our own triggers'. */
const REFUSED = 'TP002'
const NO_PRIVILEGE = '42501'

/** Stands for a signature. */
const sizeOf = (_: string, text: string): number | undefined => {
  const [, size] = /^at (\d+)$/.exec(text) ?? []
  return size === undefined ? undefined : Number(size)
}

onEachPostgres((postgres) => {
  describe('A ledger of 300 entries', () => {
    let owner = ''
    let role = ''
    beforeAll(async () => {
      owner = await postgres.database()
      await execute(owner, "CREATE ROLE trailproof_app LOGIN PASSWORD 'app'").catch(() => undefined)
      await migrated(owner, 'trailproof_app')
      role = owner.replace('postgres:postgres@', 'trailproof_app:app@')
      // Everything the server does, it does with the application's role.
      await using store = await openPostgresLedgerStore({ url: role, partitionEntries: 256 })
      await store.createLedger({ name: 'main', origin: 'test/main', ...KEYS })
      const { epoch } = await store.takeOver('main')
      const source = batchSource('main')
      await store.append([source.next(300, epoch)])
      await store.append([source.next(300, epoch)])
      await store.keepCheckpoint('main', 'a checkpoint')
      await store.erase('main', [{ from: 3, to: 4 }])
    })

    test("the application's role is enough for everything the server does", async () => {
      await using store = await openPostgresLedgerStore(role)
      expect(await store.ledger('main')).toMatchObject({ size: 600, checkpoint: 'a checkpoint' })
      expect((await store.readEntries('main', 3, 1))[0]!.personal.kind).toBe('erased')
      expect(await store.bytes()).toBeGreaterThan(10_000)
    })

    test.each([
      [`UPDATE ${LEDGER}.entry_piece SET content = ''`],
      [`UPDATE ${LEDGER}.entry_piece_1_0 SET content = ''`],
      [`SELECT set_config('trailproof.erasing', 'on', false); UPDATE ${LEDGER}.entry_piece SET content = ''`],
      [`DELETE FROM ${LEDGER}.entry_piece`],
      [`DELETE FROM ${LEDGER}.record_id`],
      [`UPDATE ${LEDGER}.record_id SET entry = 0`],
      [`TRUNCATE ${LEDGER}.record_id`],
      [`DELETE FROM ${LEDGER}.tile_piece`],
      [`UPDATE ${LEDGER}.tile_piece SET hashes = ''`],
      [`DELETE FROM ${LEDGER}.ledger`],
      [`UPDATE ${LEDGER}.ledger SET origin = 'x'`],
      [`UPDATE ${LEDGER}.ledger SET dedupe_key = ''`],
      [`ALTER TABLE ${LEDGER}.entry_piece DISABLE TRIGGER ALL`],
      [`ALTER TABLE ${LEDGER}.entry_piece_1_0 DISABLE TRIGGER guard`],
      [`DROP TABLE ${LEDGER}.entry_piece_1_0`],
      [`SET session_replication_role = replica`],
      [
        `CREATE FUNCTION ${LEDGER}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
      ],
      [`CREATE TABLE ${LEDGER}.x (a int)`],
      [`INSERT INTO ${LEDGER}.schema_migrations VALUES (9, 'x', 'x', now())`],
      [`INSERT INTO ${LEDGER}.entry_partition VALUES (1, 9, 9, 'x')`],
      [`DELETE FROM trailproof_lock.checkpoint_lock`],
      [`UPDATE trailproof_lock.checkpoint_lock SET ledger = 'x'`],
    ])("the application's role has no privilege for: %s", async (statement) => {
      await expect(execute(role, statement)).rejects.toMatchObject({ code: NO_PRIVILEGE })
    })

    test.each([
      [`UPDATE ${LEDGER}.entry_piece SET content = ''`],
      [`UPDATE ${LEDGER}.entry_piece_1_0 SET leaves = ''`],
      [`DELETE FROM ${LEDGER}.entry_piece WHERE first_index = 256`],
      [`DELETE FROM ${LEDGER}.entry_piece_1_256`],
      [`TRUNCATE ${LEDGER}.entry_piece`],
      [`TRUNCATE ${LEDGER}.entry_piece_1`],
      [`TRUNCATE ${LEDGER}.entry_piece_1_0`],
      [`TRUNCATE ${LEDGER}.tile_piece`],
      [`TRUNCATE ${LEDGER}.record_id`],
      [`TRUNCATE ${LEDGER}.ledger CASCADE`],
      [`DELETE FROM ${LEDGER}.ledger`],
      [`DELETE FROM ${LEDGER}.record_id`],
      [`UPDATE ${LEDGER}.record_id SET entry = entry + 1`],
      [`DELETE FROM ${LEDGER}.tile_piece`],
      [`UPDATE ${LEDGER}.tile_piece SET hashes = substring(hashes FOR 32)`],
      [`UPDATE ${LEDGER}.ledger SET size = 599`],
      [`UPDATE ${LEDGER}.ledger SET epoch = epoch - 1`],
      [`UPDATE ${LEDGER}.ledger SET last_recorded_at = 0`],
      [`UPDATE ${LEDGER}.ledger SET root = decode(repeat('00', 32), 'hex')`],
      [`UPDATE ${LEDGER}.ledger SET origin = 'x'`],
      [`UPDATE ${LEDGER}.ledger SET id_key = ''`],
    ])('triggers refuse to everybody: %s', async (statement) => {
      await expect(execute(owner, statement)).rejects.toMatchObject({ code: REFUSED })
    })

    const ERASE = `SELECT ${LEDGER}.erase_piece(1, 256`
    const PIECE = `FROM ${LEDGER}.entry_piece WHERE ledger = 1 AND first_index = 256`
    test.each([
      ['change content without an erasure', `${ERASE}, salts, digests, encoding, 'x') ${PIECE}`],
      [
        'make a salt',
        `${ERASE}, set_byte(salts, 20, 255 - get_byte(salts, 20)), digests, encoding, content) ${PIECE}`,
      ],
      [
        'take a core salt',
        `${ERASE}, set_byte(salts, 3, 255 - get_byte(salts, 3)), digests, encoding, content) ${PIECE}`,
      ],
      [
        'make a digest',
        `${ERASE}, salts, set_byte(digests, 3, 255 - get_byte(digests, 3)), encoding, content) ${PIECE}`,
      ],
      [
        'forget only a digest',
        `${ERASE}, salts, overlay(digests placing decode(repeat('00', 16), 'hex') from 1), encoding, content) ${PIECE}`,
      ],
      ['cut the salts', `${ERASE}, substring(salts FOR 32), digests, encoding, content) ${PIECE}`],
    ])('an erasure does not %s', async (_, statement) => {
      for (const url of [role, owner])
        await expect(execute(url, statement)).rejects.toMatchObject({ code: REFUSED })
    })

    test('a closed ledger stays closed', async () => {
      await using store = await openPostgresLedgerStore(role)
      await store.createLedger({ name: 'old', origin: 'test/old', ...KEYS })
      await store.close('old', { kind: 'closed', successor: 'new' }, { size: 0, epoch: 0 })
      for (const statement of ['successor = NULL', "successor = 'other'", "size = 1, root = 'x'"])
        await expect(
          execute(role, `UPDATE ${LEDGER}.ledger SET ${statement} WHERE name = 'old'`),
        ).rejects.toMatchObject({ code: REFUSED })
    })

    test('functions that run with more privileges are nobody else’s', async () => {
      await execute(owner, "CREATE ROLE trailproof_other LOGIN PASSWORD 'other'").catch(() => undefined)
      await execute(owner, `GRANT USAGE ON SCHEMA ${LEDGER} TO trailproof_other`)
      const other = owner.replace('postgres:postgres@', 'trailproof_other:other@')
      for (const call of [
        'make_room(1, 1, 256)',
        "rewrite_partition(1, 0, '3')",
        "erase_piece(1, 0, '', '', 0::smallint, '')",
      ])
        await expect(execute(other, `SELECT ${LEDGER}.${call}`)).rejects.toMatchObject({ code: NO_PRIVILEGE })
    })
  })

  test('an owner who is no administrator is enough, and an erasure sees whose snapshot is in its way', async () => {
    const administrator = await postgres.database()
    const name = new URL(administrator).pathname.slice(1)
    await execute(administrator, "CREATE ROLE trailproof_owner LOGIN PASSWORD 'owner'").catch(() => undefined)
    await execute(administrator, "CREATE ROLE trailproof_app LOGIN PASSWORD 'app'").catch(() => undefined)
    await execute(administrator, `ALTER DATABASE ${name} OWNER TO trailproof_owner`)
    await migrated(administrator.replace('postgres:postgres@', 'trailproof_owner:owner@'), 'trailproof_app')

    const role = administrator.replace('postgres:postgres@', 'trailproof_app:app@')
    await using store = await openPostgresLedgerStore(role)
    await store.createLedger({ name: 'main', origin: 'test/main', ...KEYS })
    const { epoch } = await store.takeOver('main')
    await store.append([batchSource('main').next(10, epoch)])
    const old = new pg.Client({ connectionString: administrator })
    await old.connect()
    await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
    await expect(store.erase('main', [{ from: 0, to: 1 }])).rejects.toMatchObject({ code: 'OVERLOADED' })
    await old.end()
    await store.erase('main', [{ from: 0, to: 1 }])
    await using directory = await openPostgresDirectory(role)
    await directory.putSavedSearch({
      ledger: 'main',
      name: 'x',
      owner: 'x',
      shared: true,
      pinned: false,
      query: 'x',
      description: '',
      changedAt: 1,
    })
    expect(await directory.deleteSavedSearch('main', 'x')).toBe(true)
    expect(await directory.acquireLease('x', 'x', 1000)).toEqual({ epoch: 1 })
    await using lock = await openPostgresCheckpointLock(role, sizeOf)
    await lock.advance('main', 'at 3')
    await lock.advance('main', 'at 4')
    await expect(lock.advance('main', 'at 3')).rejects.toMatchObject({ code: 'HEAD_MOVED' })
  })

  describe('A lock', () => {
    const LOCK = 'trailproof_lock.checkpoint_lock'
    let owner = ''
    beforeAll(async () => {
      owner = await migrated(await postgres.database())
      await using lock = await openPostgresCheckpointLock(owner, sizeOf)
      await lock.advance('main', 'at 5')
    })

    test.each([
      [`DELETE FROM ${LOCK}`],
      [`TRUNCATE ${LOCK}`],
      [`UPDATE ${LOCK} SET size = 4`],
      [`UPDATE ${LOCK} SET ledger = 'other'`],
    ])('goes only forward, to everybody: %s', async (statement) => {
      await expect(execute(owner, statement)).rejects.toMatchObject({ code: REFUSED })
    })

    test('whose size is not that of its checkpoint is no lock', async () => {
      await using lock = await openPostgresCheckpointLock(owner, sizeOf)
      await execute(owner, `INSERT INTO ${LOCK} VALUES ('forged', 9, 'at 7')`)
      await expect(lock.read('forged')).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    })

    test('of many who advance it at once ends at the farthest', async () => {
      await using one = await openPostgresCheckpointLock(owner, sizeOf)
      await using other = await openPostgresCheckpointLock(owner, sizeOf)
      const sizes = Array.from({ length: 40 }, (_, i) => ((i * 17) % 40) + 10)
      await Promise.allSettled(sizes.map((size, i) => (i % 2 ? one : other).advance('raced', `at ${size}`)))
      expect(await one.read('raced')).toBe('at 49')
    })
  })
})
