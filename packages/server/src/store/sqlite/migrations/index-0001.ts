import type { Migration } from '../../../migrate/migration.ts'

export const index0001: Migration = {
  version: 1,
  name: 'index',
  up: `
CREATE TABLE indexed_ledger (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  cursor INTEGER NOT NULL
) STRICT;

-- The different combinations of the core fields with few values (search/shape.ts), as a JSON array.
CREATE TABLE shape (
  id INTEGER PRIMARY KEY,
  fields TEXT NOT NULL UNIQUE,
  entries INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Stands for those beyond the bound on shapes.
INSERT INTO shape (id, fields) VALUES (0, '[]');

CREATE TABLE actor (
  id INTEGER PRIMARY KEY,
  value TEXT NOT NULL UNIQUE
) STRICT;

-- position = indexed ledger id * 2^36 + index; erased: what was personal is gone.
CREATE TABLE indexed_entry (
  position INTEGER PRIMARY KEY,
  timestamp_ms INTEGER NOT NULL,
  shape INTEGER NOT NULL,
  actor INTEGER,
  status REAL,
  latency_ms REAL,
  erased INTEGER NOT NULL
) STRICT;

-- Empty but for records that say two different statuses, of which a row can hold none.
CREATE INDEX several_statuses ON indexed_entry (status) WHERE status = -1;

-- The producers' times in each 4096 positions, so that a filter on time reads few of them.
CREATE TABLE zone (
  zone INTEGER PRIMARY KEY,
  min_ms INTEGER NOT NULL,
  max_ms INTEGER NOT NULL
) STRICT;

-- Entries a minute (step 1) and an hour (step 60) of the producers' time, by shape. slot = time / step.
CREATE TABLE rollup (
  ledger INTEGER NOT NULL,
  step INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  shape INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  PRIMARY KEY (ledger, step, slot, shape)
) STRICT, WITHOUT ROWID;

-- Words, keys and shapes (search/terms.ts) as posting lists without positions: a byte or two each.
CREATE VIRTUAL TABLE entry_term USING fts5(
  terms, content = '', columnsize = 0, detail = none, tokenize = "ascii"
);
INSERT INTO entry_term (entry_term, rank) VALUES ('secure-delete', 1);
`,
}
