import type { Migration } from '../../../migrate/migration.ts'

export const ledger0001: Migration = {
  version: 1,
  name: 'ledger',
  up: `
CREATE TABLE ledger (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  origin TEXT NOT NULL,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  last_recorded_at INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  dedupe_key BLOB NOT NULL,
  id_key BLOB NOT NULL,
  checkpoint TEXT NOT NULL DEFAULT '',
  successor TEXT
) STRICT;

-- Entries in pieces: full blocks of 256 with compressed content, and shorter pieces at the end of a ledger.
-- position = ledger id * 2^36 + index of the first entry.
CREATE TABLE entry_block (
  position INTEGER PRIMARY KEY,
  count INTEGER NOT NULL,
  leaves BLOB NOT NULL,
  salts BLOB NOT NULL,
  compressed INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT;

-- One row for each id ever recorded. The digest goes with the personal group when that is erased.
CREATE TABLE record_id (
  ledger INTEGER NOT NULL,
  id BLOB NOT NULL,
  entry INTEGER NOT NULL,
  digest BLOB,
  PRIMARY KEY (ledger, id)
) STRICT, WITHOUT ROWID;

-- Tiles of level 1 and above; level 0 is the hashes of the leaves.
CREATE TABLE tile (
  ledger INTEGER NOT NULL,
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (ledger, level, number)
) STRICT;
`,
}
