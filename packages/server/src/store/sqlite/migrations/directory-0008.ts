import type { Migration } from '../../../migrate/migration.ts'

export const directory0008: Migration = {
  version: 8,
  name: 'retention',
  up: `
-- Rules, who changed them and progress are JSON.
CREATE TABLE retention (
  ledger TEXT PRIMARY KEY,
  rules TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  progress TEXT
) STRICT, WITHOUT ROWID;
`,
}
