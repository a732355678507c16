import type { Migration } from '../../../migrate/migration.ts'

export const directory0007: Migration = {
  version: 7,
  name: 'holds',
  up: `
-- Which records are held, and by whom, is JSON. The entry is that of the ledger that says so; null while there is none.
CREATE TABLE legal_hold (
  ledger TEXT NOT NULL,
  name TEXT NOT NULL,
  records TEXT NOT NULL,
  authority TEXT NOT NULL,
  reason TEXT NOT NULL,
  held_by TEXT NOT NULL,
  held_at INTEGER NOT NULL,
  entry INTEGER,
  PRIMARY KEY (ledger, name)
) STRICT, WITHOUT ROWID;
`,
}
