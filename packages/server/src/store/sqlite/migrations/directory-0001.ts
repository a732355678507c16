import type { Migration } from '../../../migrate/migration.ts'

export const directory0001: Migration = {
  version: 1,
  name: 'directory',
  up: `
CREATE TABLE api_key (
  prefix TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  name TEXT NOT NULL,
  ledger TEXT,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantined_record (
  id TEXT PRIMARY KEY,
  ledger TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  key_prefix TEXT NOT NULL,
  problems TEXT NOT NULL,
  source TEXT NOT NULL
) STRICT;
`,
}
