import type { Migration } from '../../../migrate/migration.ts'

export const directory0003: Migration = {
  version: 3,
  name: 'people',
  evidence: 'SELECT 1 FROM user_account UNION ALL SELECT 1 FROM invitation LIMIT 1',
  up: `
ALTER TABLE api_key ADD COLUMN last_used_at bigint;

CREATE TABLE user_account (
  id text COLLATE "C" PRIMARY KEY,
  email text COLLATE "C" UNIQUE,
  name text NOT NULL,
  password_hash text,
  issuer text COLLATE "C",
  subject text COLLATE "C",
  roles text NOT NULL,
  teams text NOT NULL,
  created_at bigint NOT NULL,
  disabled_at bigint,
  last_login_at bigint,
  UNIQUE (issuer, subject)
);

CREATE TABLE invitation (
  id text COLLATE "C" PRIMARY KEY,
  hash text NOT NULL UNIQUE,
  email text COLLATE "C" NOT NULL,
  roles text NOT NULL,
  teams text NOT NULL,
  invited_by text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL
);

CREATE TABLE session (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL REFERENCES user_account ON DELETE CASCADE,
  family_hash text NOT NULL UNIQUE,
  refresh_hash text NOT NULL,
  access_hash text NOT NULL,
  csrf text NOT NULL,
  created_at bigint NOT NULL,
  refreshed_at bigint NOT NULL,
  ends_at bigint NOT NULL,
  address text,
  client text
);
CREATE INDEX session_of_user ON session (user_id);

-- One row: rises with each change of the three tables above, so that other servers look at one number.
CREATE TABLE identity_revision (revision bigint NOT NULL);
INSERT INTO identity_revision VALUES (0);

-- As before, of every table here: whatever people are in is to be gone when it is deleted.
CREATE OR REPLACE FUNCTION rewrite_table(which text, erased_by xid8) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  since CONSTANT integer := age(erased_by::xid);
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_class WHERE relname = which AND relkind = 'r' AND relnamespace = current_schema()::regnamespace
  ) THEN
    RAISE EXCEPTION 'there is no table % here to be rewritten', which;
  END IF;
  IF EXISTS (
    SELECT FROM pg_stat_activity WHERE (datname = current_database() OR datname IS NULL)
      AND (age(backend_xmin) >= since OR age(backend_xid) >= since)
    UNION ALL SELECT FROM pg_replication_slots WHERE age(xmin) >= since
    UNION ALL SELECT FROM pg_prepared_xacts WHERE age(transaction) >= since
  ) THEN RETURN false; END IF;
  EXECUTE format('CLUSTER %I USING %I', which, which || '_pkey');
  RETURN true;
END $$;
`,
  down: `
DROP TABLE session, invitation, user_account, identity_revision;
ALTER TABLE api_key DROP COLUMN last_used_at;
`,
}
