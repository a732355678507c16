import type { Migration } from '../../../migrate/migration.ts'

export const streams0001: Migration = {
  version: 1,
  name: 'streams',
  up: `
CREATE TABLE watched_ledger (
  name TEXT PRIMARY KEY,
  cursor INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- next: the number expected next of a producer's stream.
CREATE TABLE stream (
  ledger TEXT NOT NULL,
  id TEXT NOT NULL,
  next INTEGER NOT NULL,
  PRIMARY KEY (ledger, id)
) STRICT, WITHOUT ROWID;

-- Numbers that have not been seen. recorded: the ledger says so already.
CREATE TABLE missing (
  ledger TEXT NOT NULL,
  stream TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  PRIMARY KEY (ledger, stream, first)
) STRICT, WITHOUT ROWID;

-- Numbers of recorded gaps that arrived after all, until the ledger says that too.
CREATE TABLE filled (
  ledger TEXT NOT NULL,
  stream TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (ledger, stream, first)
) STRICT, WITHOUT ROWID;
`,
}
