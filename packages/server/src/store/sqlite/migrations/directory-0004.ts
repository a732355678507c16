import type { Migration } from '../../../migrate/migration.ts'

export const directory0004: Migration = {
  version: 4,
  name: 'roles',
  up: `
-- Lists are JSON: names of roles and teams may have spaces.
ALTER TABLE api_key ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';
ALTER TABLE api_key ADD COLUMN teams TEXT NOT NULL DEFAULT '[]';

CREATE TABLE role (
  name TEXT PRIMARY KEY,
  description TEXT NOT NULL,
  permissions TEXT NOT NULL,
  row_condition TEXT,
  hidden TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
}
