import type { Migration } from '../../../migrate/migration.ts'

export const directory0003: Migration = {
  version: 3,
  name: 'leases',
  up: `
-- A row stays when its lease has ended (expires_at 0), so that its epoch never goes back.
CREATE TABLE lease (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
}
