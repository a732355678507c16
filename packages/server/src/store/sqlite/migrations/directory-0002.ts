import type { Migration } from '../../../migrate/migration.ts'

export const directory0002: Migration = {
  version: 2,
  name: 'saved-searches',
  up: `
CREATE TABLE saved_search (
  ledger TEXT NOT NULL,
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  shared INTEGER NOT NULL,
  pinned INTEGER NOT NULL,
  query TEXT NOT NULL,
  description TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (ledger, name)
) STRICT, WITHOUT ROWID;
`,
}
