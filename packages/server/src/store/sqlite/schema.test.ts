import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
    migrations: [first!, { name: '0002-later', sql: 'CREATE TABLE later (x)' }],
    durability: 'full',
  }).close()
  expect(() => openDatabase({ path, migrations: [first!], durability: 'full' })).toThrow(/newer version/)
  const changed = { ...first!, sql: `${first!.sql} -- changed` }
  expect(() => openDatabase({ path, migrations: [changed], durability: 'full' })).toThrow(/another text/)
})
