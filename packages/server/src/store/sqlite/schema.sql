-- ledger.db

CREATE TABLE schema_migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT;

CREATE TABLE migration_execution (
    id INTEGER PRIMARY KEY,
    migration TEXT NOT NULL,
    direction TEXT NOT NULL,
    checksum TEXT NOT NULL,
    started_at TEXT NOT NULL,
    duration_ms REAL NOT NULL,
    executed_by TEXT NOT NULL,
    error TEXT
  ) STRICT;

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

CREATE TABLE migration_execution (
    id INTEGER PRIMARY KEY,
    migration TEXT NOT NULL,
    direction TEXT NOT NULL,
    checksum TEXT NOT NULL,
    started_at TEXT NOT NULL,
    duration_ms REAL NOT NULL,
    executed_by TEXT NOT NULL,
    error TEXT
  ) STRICT;

CREATE TABLE indexed_ledger (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  cursor INTEGER NOT NULL
) STRICT;

CREATE TABLE shape (
  id INTEGER PRIMARY KEY,
  fields TEXT NOT NULL UNIQUE,
  entries INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE actor (
  id INTEGER PRIMARY KEY,
  value TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE indexed_entry (
  position INTEGER PRIMARY KEY,
  timestamp_ms INTEGER NOT NULL,
  shape INTEGER NOT NULL,
  actor INTEGER,
  status REAL,
  latency_ms REAL,
  erased INTEGER NOT NULL
) STRICT;

CREATE INDEX several_statuses ON indexed_entry (status) WHERE status = -1;

CREATE TABLE zone (
  zone INTEGER PRIMARY KEY,
  min_ms INTEGER NOT NULL,
  max_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE rollup (
  ledger INTEGER NOT NULL,
  step INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  shape INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  PRIMARY KEY (ledger, step, slot, shape)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE entry_term USING fts5(
  terms, content = '', columnsize = 0, detail = none, tokenize = "ascii"
);

-- streams.db

CREATE TABLE schema_migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT;

CREATE TABLE migration_execution (
    id INTEGER PRIMARY KEY,
    migration TEXT NOT NULL,
    direction TEXT NOT NULL,
    checksum TEXT NOT NULL,
    started_at TEXT NOT NULL,
    duration_ms REAL NOT NULL,
    executed_by TEXT NOT NULL,
    error TEXT
  ) STRICT;

CREATE TABLE watched_ledger (
  name TEXT PRIMARY KEY,
  cursor INTEGER NOT NULL
, unread_at INTEGER NOT NULL DEFAULT -1) STRICT, WITHOUT ROWID;

CREATE TABLE stream (
  ledger TEXT NOT NULL,
  id TEXT NOT NULL,
  next INTEGER NOT NULL, seen_at INTEGER NOT NULL DEFAULT -1,
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

CREATE TABLE migration_execution (
    id INTEGER PRIMARY KEY,
    migration TEXT NOT NULL,
    direction TEXT NOT NULL,
    checksum TEXT NOT NULL,
    started_at TEXT NOT NULL,
    duration_ms REAL NOT NULL,
    executed_by TEXT NOT NULL,
    error TEXT
  ) STRICT;

CREATE TABLE api_key (
  prefix TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  name TEXT NOT NULL,
  ledger TEXT,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
, roles TEXT NOT NULL DEFAULT '[]', teams TEXT NOT NULL DEFAULT '[]', last_used_at INTEGER, created_by TEXT, rotated_by TEXT) STRICT, WITHOUT ROWID;

CREATE TABLE quarantined_record (
  id TEXT PRIMARY KEY,
  ledger TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  key_prefix TEXT NOT NULL,
  problems TEXT NOT NULL,
  source TEXT NOT NULL
) STRICT;

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

CREATE TABLE lease (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE role (
  name TEXT PRIMARY KEY,
  description TEXT NOT NULL,
  permissions TEXT NOT NULL,
  row_condition TEXT,
  hidden TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user_account (
  id TEXT PRIMARY KEY,
  email TEXT UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT,
  issuer TEXT,
  subject TEXT,
  roles TEXT NOT NULL,
  teams TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  disabled_at INTEGER,
  last_login_at INTEGER,
  UNIQUE (issuer, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  roles TEXT NOT NULL,
  teams TEXT NOT NULL,
  invited_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES user_account ON DELETE CASCADE,
  family_hash TEXT NOT NULL UNIQUE,
  refresh_hash TEXT NOT NULL,
  access_hash TEXT NOT NULL,
  csrf TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  refreshed_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  address TEXT,
  client TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX session_of_user ON session (user_id);

CREATE TABLE identity_revision (revision INTEGER NOT NULL) STRICT;

CREATE TABLE approval (
  id TEXT PRIMARY KEY,
  ledger TEXT NOT NULL,
  state TEXT NOT NULL,
  act TEXT NOT NULL,
  request TEXT NOT NULL,
  digest TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  decision TEXT,
  outcome TEXT
) STRICT;

CREATE INDEX approval_by_state ON approval (state, id);

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

CREATE TABLE retention (
  ledger TEXT PRIMARY KEY,
  rules TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  progress TEXT
) STRICT, WITHOUT ROWID;
