import type { Migration } from '../database.ts'

export const index0001: Migration = {
  name: '0001-index',
  sql: `
CREATE TABLE indexed_ledger (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  cursor INTEGER NOT NULL
) STRICT;

-- position = indexed ledger id * 2^36 + index; erased: the terms are those of the core group alone.
CREATE TABLE indexed_entry (
  position INTEGER PRIMARY KEY,
  timestamp_ms INTEGER NOT NULL,
  erased INTEGER NOT NULL
) STRICT;

-- One term for each field=value, as posting lists without positions: a few bytes an entry.
CREATE VIRTUAL TABLE entry_term USING fts5(
  terms, content = '', columnsize = 0, detail = none, tokenize = "ascii"
);
INSERT INTO entry_term (entry_term, rank) VALUES ('secure-delete', 1);
`,
}
