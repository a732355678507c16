import type { Migration } from '../../../migrate/migration.ts'

export const directory0005: Migration = {
  version: 5,
  name: 'people',
  up: `
ALTER TABLE api_key ADD COLUMN last_used_at INTEGER;

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

-- One row: rises with each change of the three tables above, so that other servers look at one number.
CREATE TABLE identity_revision (revision INTEGER NOT NULL) STRICT;
INSERT INTO identity_revision VALUES (0);
`,
}
