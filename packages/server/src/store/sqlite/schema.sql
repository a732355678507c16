-- ledger.db

CREATE TABLE schema_migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT;

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

CREATE TABLE entry_block (
  position INTEGER PRIMARY KEY,
  count INTEGER NOT NULL,
  leaves BLOB NOT NULL,
  salts BLOB NOT NULL,
  compressed INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT;

CREATE TABLE record_id (
  ledger INTEGER NOT NULL,
  id BLOB NOT NULL,
  entry INTEGER NOT NULL,
  digest BLOB,
  PRIMARY KEY (ledger, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tile (
  ledger INTEGER NOT NULL,
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (ledger, level, number)
) STRICT;

-- index.db

CREATE TABLE schema_migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT;

CREATE TABLE indexed_ledger (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  cursor INTEGER NOT NULL
) STRICT;

CREATE TABLE indexed_entry (
  position INTEGER PRIMARY KEY,
  timestamp_ms INTEGER NOT NULL,
  erased INTEGER NOT NULL
) STRICT;

CREATE VIRTUAL TABLE entry_term USING fts5(
  terms, content = '', columnsize = 0, detail = none, tokenize = "ascii"
);

-- streams.db

CREATE TABLE schema_migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT;

CREATE TABLE watched_ledger (
  name TEXT PRIMARY KEY,
  cursor INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE stream (
  ledger TEXT NOT NULL,
  id TEXT NOT NULL,
  next INTEGER NOT NULL,
  PRIMARY KEY (ledger, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE missing (
  ledger TEXT NOT NULL,
  stream TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  PRIMARY KEY (ledger, stream, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE filled (
  ledger TEXT NOT NULL,
  stream TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (ledger, stream, first)
) STRICT, WITHOUT ROWID;

-- directory.db

CREATE TABLE schema_migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT;

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
