import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import { directoryMigrations } from './directory.ts'
import { ledgerMigrations } from './ledger-store.ts'
import { indexMigrations } from './search/search-index.ts'
import { streamsMigrations } from './stream-store.ts'

const root = mkdtempSync(join(tmpdir(), 'trailproof-schema-'))
afterAll(() => rmSync(root, { recursive: true }))

const files = {
  'ledger.db': ledgerMigrations,
  'index.db': indexMigrations,
  'streams.db': streamsMigrations,
  'directory.db': directoryMigrations,
}

test('schema.sql is what the migrations make', async () => {
  const parts = Object.entries(files).map(([name, migrations]) => {
    const db = openDatabase({ path: join(root, name), migrations, durability: 'full' })
    const rows = db.prepare(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'entry_term_%' ORDER BY rowid",
    )
    const statements = rows.all().map(({ sql }) => `${String(sql)};`)
    db.close()
    return `-- ${name}\n\n${statements.join('\n\n')}\n`
  })
  await expect(parts.join('\n')).toMatchFileSnapshot('schema.sql')
})

test('refuses a file whose migrations were others, or are of a newer version', () => {
  const path = join(root, 'other.db')
  const [first] = directoryMigrations
  openDatabase({
    path,
    migrations: [first!, { version: 2, name: 'later', up: 'CREATE TABLE later (x)' }],
    durability: 'full',
  }).close()
  expect(() => openDatabase({ path, migrations: [first!], durability: 'full' })).toThrow(/newer version/)
  const changed = { ...first!, up: `${first!.up} -- changed` }
  expect(() => openDatabase({ path, migrations: [changed], durability: 'full' })).toThrow(/another text/)
})

test('opens a file whose books are those of the first version', () => {
  const path = join(root, 'first.db')
  const [first] = directoryMigrations
  const db = new DatabaseSync(path)
  db.exec(`CREATE TABLE schema_migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT; ${first!.up}`)
  // What the first version wrote, letter by letter.
  db.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?)').run(
    '0001-directory',
    '4f258090ec22adb98229e9b731ca63a8b4e4fdd7f1ec4f05c3b0a7faad0415f1',
    '2026-11-20T10:00:00.000Z',
  )
  db.close()
  const open = () => openDatabase({ path, migrations: directoryMigrations, durability: 'full' })
  open().close()
  open().close()
})
