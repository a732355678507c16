import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readMigrationFolder } from './migration-folder.ts'

function folder(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-migrations-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

test('reads services, their migrations in order, and what they depend on', () => {
  const modules = readMigrationFolder(
    folder({
      'billing/0010_tax.up.sql': 'ALTER TABLE invoice ADD tax int',
      'billing/0002_invoice.up.sql': 'CREATE TABLE invoice (id int)',
      'billing/0002_invoice.down.sql': '-- refused-when: SELECT 1 FROM invoice LIMIT 1;\nDROP TABLE invoice',
      'billing/dependencies.json': '{"dependsOn": ["users"]}',
      'billing/README.md': 'not ours',
      'users/0001_users.up.sql': 'CREATE TABLE users (id int)',
      'notes.txt': 'not ours',
    }),
  )
  expect(modules).toEqual([
    {
      name: 'billing',
      dependsOn: ['users'],
      migrations: [
        {
          version: 2,
          name: 'invoice',
          up: 'CREATE TABLE invoice (id int)',
          down: '-- refused-when: SELECT 1 FROM invoice LIMIT 1;\nDROP TABLE invoice',
          evidence: 'SELECT 1 FROM invoice LIMIT 1',
        },
        { version: 10, name: 'tax', up: 'ALTER TABLE invoice ADD tax int' },
      ],
    },
    {
      name: 'users',
      dependsOn: [],
      migrations: [{ version: 1, name: 'users', up: 'CREATE TABLE users (id int)' }],
    },
  ])
})

test.each([
  ['a file that is named otherwise', { 'a/1_x.up.sql': '' }, 'NNNN_name.up.sql'],
  ['a version twice', { 'a/0001_x.up.sql': '', 'a/0001_y.up.sql': '' }, 'version 0001 is taken by x'],
  ['version 0', { 'a/0000_x.up.sql': '' }, 'or is 0'],
  ['only a way back', { 'a/0001_x.down.sql': '' }, 'has no file that goes up'],
  ['dependencies that are no JSON', { 'a/dependencies.json': '{' }, 'dependencies.json'],
  ['dependencies of another shape', { 'a/dependencies.json': '["b"]' }, 'dependsOn'],
  ['a service whose name is no schema', { 'a-"b/0001_x.up.sql': '' }, 'a-z, 0-9 and _'],
  ['no service at all', { 'x.sql': '' }, 'no folder of a service'],
])('refuses %s', (_, files, message) => {
  expect(() => readMigrationFolder(folder(files as Record<string, string>))).toThrow(message)
})

test('refuses a folder that is not there', () => {
  expect(() => readMigrationFolder('/nowhere/at/all')).toThrow('is not there')
})
