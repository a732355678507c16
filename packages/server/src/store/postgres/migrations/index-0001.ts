import type { Migration } from '../../../migrate/migration.ts'

/** The search index on PostgreSQL. All of it is made from the ledgers, and nothing of it is evidence. */
export const index0001: Migration = {
  version: 1,
  name: 'index',
  up: `
-- The row is locked by whoever changes anything of its ledger's index. generation: raised by what makes the entries at
-- hand of another indexer stale (a reset, an erasure). parts: partitions that are there, each of part_entries entries.
CREATE TABLE indexed_ledger (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  cursor bigint NOT NULL DEFAULT 0,
  generation integer NOT NULL DEFAULT 0,
  part_entries integer NOT NULL CHECK (part_entries > 0),
  parts integer NOT NULL DEFAULT 0,
  shapes integer NOT NULL DEFAULT 0,
  other_shapes boolean NOT NULL DEFAULT false,
  several_statuses boolean NOT NULL DEFAULT false,
  cut_terms boolean NOT NULL DEFAULT false
) WITH (fillfactor = 20); -- rewritten by each step, within its page

-- The different combinations of the core fields with few values (search/shape.ts), as a JSON array.
CREATE TABLE shape (
  ledger integer NOT NULL,
  id integer NOT NULL,
  fields text NOT NULL,
  entries bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (ledger, id)
) WITH (fillfactor = 50);

-- A row an entry. part = entry / part_entries: told apart from entry so that what is looked up by terms in some partitions
-- is not taken for a range of entries by the planner, which has no idea how rare a term is. terms: words, keys and shape
-- (search/terms.ts), without places. What can be erased of it: status, actor and terms; of these the planner keeps no
-- statistics, which would be copies of them.
CREATE TABLE indexed_entry (
  ledger integer NOT NULL,
  part integer NOT NULL,
  entry bigint NOT NULL,
  timestamp_ms bigint NOT NULL,
  shape integer NOT NULL,
  erased boolean NOT NULL,
  status double precision,
  latency_ms double precision,
  actor bytea,
  terms tsvector NOT NULL
) PARTITION BY LIST (ledger);
ALTER TABLE indexed_entry ALTER status SET STATISTICS 0, ALTER actor SET STATISTICS 0, ALTER terms SET STATISTICS 0;
CREATE INDEX indexed_entry_entry ON indexed_entry (entry);
-- Terms that wait to be sorted in (1 MB at most) are read by every search, some 0.3 ms for each term that is looked up; to
-- sort in each by itself takes twice the time. A full partition keeps none waiting.
CREATE INDEX indexed_entry_terms ON indexed_entry USING gin (terms)
  WITH (fastupdate = on, gin_pending_list_limit = 1024);

-- Partitions whose files may hold what was erased.
CREATE TABLE part_to_rewrite (
  ledger integer NOT NULL,
  part integer NOT NULL,
  PRIMARY KEY (ledger, part)
);

-- The producers' times in each 4096 entries, so that a filter on time reads few of them.
CREATE TABLE zone (
  ledger integer NOT NULL,
  zone integer NOT NULL,
  min_ms bigint NOT NULL,
  max_ms bigint NOT NULL,
  PRIMARY KEY (ledger, zone)
) WITH (fillfactor = 80);

-- Entries a minute (step 1) and an hour (step 60) of the producers' time, by shape. slot = time / step.
CREATE TABLE rollup (
  ledger integer NOT NULL,
  shape integer NOT NULL,
  slot bigint NOT NULL,
  entries bigint NOT NULL,
  step smallint NOT NULL,
  PRIMARY KEY (ledger, step, slot, shape)
) WITH (fillfactor = 80);

-- Makes partitions until there is room for entries below up_to. At most 1000 at once.
CREATE FUNCTION make_room(ledger_id integer, up_to bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  parent text := 'indexed_entry_' || ledger_id;
  unknown_values CONSTANT text :=
    'ALTER TABLE %I ALTER status SET STATISTICS 0, ALTER actor SET STATISTICS 0, ALTER terms SET STATISTICS 0';
  name text;
  size integer;
  next integer;
BEGIN
  SELECT part_entries, parts INTO STRICT size, next FROM indexed_ledger WHERE id = ledger_id FOR UPDATE;
  IF to_regclass(parent) IS NULL THEN
    EXECUTE format('CREATE TABLE %I (LIKE indexed_entry INCLUDING ALL) PARTITION BY LIST (part)', parent);
    EXECUTE format(unknown_values, parent);
    EXECUTE format('ALTER TABLE indexed_entry ATTACH PARTITION %I FOR VALUES IN (%s)', parent, ledger_id);
  END IF;
  FOR i IN 1 .. 1000 LOOP
    EXIT WHEN next::bigint * size >= up_to;
    name := parent || '_' || next;
    EXECUTE format('CREATE TABLE %I (LIKE indexed_entry INCLUDING ALL)', name);
    EXECUTE format(unknown_values, name);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%s)', parent, name, next);
    next := next + 1;
  END LOOP;
  UPDATE indexed_ledger SET parts = next WHERE id = ledger_id;
END $$;

-- Sorts the waiting terms of a partition in.
CREATE FUNCTION settle_part(ledger_id integer, which integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM gin_clean_pending_list(to_regclass('indexed_entry_' || ledger_id || '_' || which || '_terms_idx'));
END $$;

-- Forgets a ledger but for its number and its partitions, which stay, empty.
CREATE FUNCTION reset_ledger(ledger_id integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  parent text := 'indexed_entry_' || ledger_id;
BEGIN
  PERFORM 1 FROM indexed_ledger WHERE id = ledger_id FOR UPDATE;
  IF to_regclass(parent) IS NOT NULL THEN EXECUTE format('TRUNCATE %I', parent); END IF;
  DELETE FROM shape WHERE ledger = ledger_id;
  DELETE FROM zone WHERE ledger = ledger_id;
  DELETE FROM rollup WHERE ledger = ledger_id;
  DELETE FROM part_to_rewrite WHERE ledger = ledger_id;
  UPDATE indexed_ledger SET cursor = 0, shapes = 0, other_shapes = false,
    several_statuses = false, cut_terms = false WHERE id = ledger_id;
END $$;

-- Writes the partition anew without the row versions that an erasure left behind. False, and nothing done: somebody (here
-- or on a standby with feedback) may still see what was there when the transaction erased_by ended.
CREATE FUNCTION rewrite_part(ledger_id integer, which integer, erased_by xid8) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  name CONSTANT text := 'indexed_entry_' || ledger_id || '_' || which;
  since CONSTANT integer := age(erased_by::xid);
BEGIN
  IF to_regclass(name) IS NULL THEN RETURN true; END IF;
  IF EXISTS (
    SELECT FROM pg_stat_activity WHERE (datname = current_database() OR datname IS NULL)
      AND (age(backend_xmin) >= since OR age(backend_xid) >= since)
    UNION ALL SELECT FROM pg_replication_slots WHERE age(xmin) >= since
    UNION ALL SELECT FROM pg_prepared_xacts WHERE age(transaction) >= since
  ) THEN RETURN false; END IF;
  EXECUTE format('CLUSTER %I USING %I', name, name || '_entry_idx');
  DELETE FROM part_to_rewrite WHERE ledger = ledger_id AND part = which;
  RETURN true;
END $$;

REVOKE EXECUTE ON FUNCTION make_room, settle_part, reset_ledger, rewrite_part FROM PUBLIC;
`,
  down: `
DROP TABLE rollup, zone, part_to_rewrite, indexed_entry, shape, indexed_ledger;
DROP FUNCTION rewrite_part, reset_ledger, settle_part, make_room;
`,
}
