import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgresMigrationTarget, SqliteMigrationTarget } from '@trailproof/server/migrate'
import { afterAll } from 'vitest'
import { onEachPostgres } from '../../../test/support/each-postgres.ts'
import { migrationsSuite } from './migrations.suite.ts'

const root = mkdtempSync(join(tmpdir(), 'trailproof-migrations-'))
afterAll(() => rmSync(root, { recursive: true }))

let directory = root
migrationsSuite({
  name: 'sqlite',
  async open() {
    directory = mkdtempSync(join(root, 'case-'))
    return new SqliteMigrationTarget(directory)
  },
  again: async () => new SqliteMigrationTarget(directory),
})

onEachPostgres((server) => {
  let url = ''
  migrationsSuite({
    name: server.name,
    async open() {
      url = await server.database()
      return new PostgresMigrationTarget(url)
    },
    again: async () => new PostgresMigrationTarget(url),
  })
})
