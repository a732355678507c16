import type { Migration } from '../../../migrate/migration.ts'

export const directory0001: Migration = {
  version: 1,
  name: 'directory',
  evidence: 'SELECT 1 FROM quarantined_record UNION ALL SELECT 1 FROM api_key LIMIT 1',
  up: `
CREATE TABLE api_key (
  prefix text PRIMARY KEY,
  hash text NOT NULL,
  name text NOT NULL,
  ledger text,
  scopes text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint,
  revoked_at bigint
);

-- Ids sort as the bytes they are, in every database and locale.
CREATE TABLE quarantined_record (
  id text COLLATE "C" PRIMARY KEY,
  ledger text NOT NULL,
  received_at bigint NOT NULL,
  key_prefix text NOT NULL,
  problems text NOT NULL,
  source text NOT NULL
);
CREATE INDEX quarantined_record_ledger ON quarantined_record (ledger, id);

CREATE TABLE saved_search (
  ledger text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  owner text NOT NULL,
  shared boolean NOT NULL,
  pinned boolean NOT NULL,
  query text NOT NULL,
  description text NOT NULL,
  changed_at bigint NOT NULL,
  PRIMARY KEY (ledger, name)
);

-- Who may do what only one may do at a time. A row stays when its lease has ended, so that its epoch never goes back.
CREATE TABLE lease (
  name text PRIMARY KEY,
  holder text NOT NULL,
  epoch bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

-- Writes a table anew, so that what was deleted is in none of its files. Only tables from which something is to be gone.
-- False, and nothing done: somebody may still see what was there when the transaction erased_by ended.
CREATE FUNCTION rewrite_table(which text, erased_by xid8) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  since CONSTANT integer := age(erased_by::xid);
BEGIN
  IF which NOT IN ('quarantined_record', 'saved_search') THEN
    RAISE EXCEPTION 'table % is not rewritten', which;
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
REVOKE EXECUTE ON FUNCTION rewrite_table FROM PUBLIC;
`,
  down: `
DROP TABLE api_key, quarantined_record, saved_search, lease;
DROP FUNCTION rewrite_table;
`,
}
