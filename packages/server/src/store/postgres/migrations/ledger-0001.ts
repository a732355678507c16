import type { Migration } from '../../../migrate/migration.ts'

/**
 * The ledgers on PostgreSQL. What may change is decided here and not only by us: whoever has the application's role, or even
 * the owner's, is refused by triggers and privileges. docs/operations/postgresql.md says what that does and does not keep out.
 */
export const ledger0001: Migration = {
  version: 1,
  name: 'ledger',
  evidence: 'SELECT 1 FROM ledger WHERE size > 0 LIMIT 1',
  up: `
CREATE TABLE ledger (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  origin text NOT NULL,
  size bigint NOT NULL,
  root bytea NOT NULL,
  last_recorded_at bigint NOT NULL,
  epoch bigint NOT NULL,
  dedupe_key bytea NOT NULL,
  id_key bytea NOT NULL,
  checkpoint text NOT NULL DEFAULT '',
  successor text
) WITH (fillfactor = 20); -- the head is rewritten by each commit, within its page

-- The entries of one commit within one block of 256; never merged, so that nothing is updated but by an erasure.
-- content is as store/entry-block.ts lays it out; encoding 0: as it is, 1: zstd. digests: 16 bytes each, zeros when erased.
CREATE TABLE entry_piece (
  ledger integer NOT NULL,
  first_index bigint NOT NULL,
  count smallint NOT NULL,
  leaves bytea NOT NULL,
  salts bytea NOT NULL,
  digests bytea NOT NULL,
  encoding smallint NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (ledger, first_index)
) PARTITION BY LIST (ledger);
-- Hashes and what zstd has compressed are not compressed again.
ALTER TABLE entry_piece
  ALTER leaves SET STORAGE EXTERNAL, ALTER salts SET STORAGE EXTERNAL,
  ALTER digests SET STORAGE EXTERNAL, ALTER content SET STORAGE EXTERNAL;

-- Partitions of entry_piece, each for a range of indexes.
CREATE TABLE entry_partition (
  ledger integer NOT NULL REFERENCES ledger,
  first_index bigint NOT NULL,
  end_index bigint NOT NULL,
  name text NOT NULL,
  PRIMARY KEY (ledger, first_index)
);

-- One row for each id ever recorded. The digest lies with the entry, where it can be erased: this table is never rewritten.
CREATE TABLE record_id (
  ledger integer NOT NULL,
  id uuid NOT NULL,
  entry bigint NOT NULL,
  PRIMARY KEY (ledger, id)
);

-- Tiles of level 1 and above, in pieces: what each commit adds to one. Level 0 is the hashes of the leaves.
CREATE TABLE tile_piece (
  ledger integer NOT NULL,
  level smallint NOT NULL,
  number bigint NOT NULL,
  first_hash smallint NOT NULL,
  hashes bytea NOT NULL,
  PRIMARY KEY (ledger, level, number, first_hash)
);
ALTER TABLE tile_piece ALTER hashes SET STORAGE EXTERNAL;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: a ledger only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'TP002';
END $$;

CREATE FUNCTION guard_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.origin <> OLD.origin
      OR NEW.dedupe_key <> OLD.dedupe_key OR NEW.id_key <> OLD.id_key THEN
    RAISE EXCEPTION 'name, origin and keys of ledger % are fixed', OLD.name USING ERRCODE = 'TP002';
  END IF;
  IF NEW.size < OLD.size OR NEW.epoch < OLD.epoch OR NEW.last_recorded_at < OLD.last_recorded_at THEN
    RAISE EXCEPTION 'the head of ledger % does not go back', OLD.name USING ERRCODE = 'TP002';
  END IF;
  IF NEW.size = OLD.size AND NEW.root <> OLD.root THEN
    RAISE EXCEPTION 'ledger % has one root at size %', OLD.name, OLD.size USING ERRCODE = 'TP002';
  END IF;
  IF OLD.successor IS NOT NULL AND (NEW.successor IS DISTINCT FROM OLD.successor OR NEW.size <> OLD.size) THEN
    RAISE EXCEPTION 'ledger % is closed', OLD.name USING ERRCODE = 'TP002';
  END IF;
  RETURN NEW;
END $$;

-- Within an erasure, personal salts and digests may become zeros, and content may change with them. Whether the rest of
-- the content is as before cannot be seen here (it is compressed); it is what the leaf and the core salt, which stay, prove.
CREATE FUNCTION guard_piece() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  zeros CONSTANT bytea := decode(repeat('00', 16), 'hex');
  changed boolean := false;
  was bytea;
  becomes bytea;
BEGIN
  IF current_setting('trailproof.erasing', true) IS DISTINCT FROM 'on' THEN
    RAISE EXCEPTION 'UPDATE of % is refused: a ledger only grows', TG_TABLE_NAME USING ERRCODE = 'TP002';
  END IF;
  IF NEW.ledger <> OLD.ledger OR NEW.first_index <> OLD.first_index OR NEW.count <> OLD.count
      OR NEW.leaves <> OLD.leaves OR length(NEW.salts) <> length(OLD.salts)
      OR length(NEW.digests) <> length(OLD.digests) THEN
    RAISE EXCEPTION 'an erasure leaves the leaves of entry % as they are', OLD.first_index USING ERRCODE = 'TP002';
  END IF;
  FOR i IN 0 .. OLD.count - 1 LOOP
    IF substring(NEW.salts FROM i * 32 + 1 FOR 16) <> substring(OLD.salts FROM i * 32 + 1 FOR 16) THEN
      RAISE EXCEPTION 'an erasure leaves the core of entry % as it is', OLD.first_index + i USING ERRCODE = 'TP002';
    END IF;
    was := substring(OLD.salts FROM i * 32 + 17 FOR 16);
    becomes := substring(NEW.salts FROM i * 32 + 17 FOR 16);
    IF becomes <> was AND becomes <> zeros THEN
      RAISE EXCEPTION 'an erasure makes no salt for entry %', OLD.first_index + i USING ERRCODE = 'TP002';
    END IF;
    changed := changed OR becomes <> was;
    was := substring(OLD.digests FROM i * 16 + 1 FOR 16);
    IF substring(NEW.digests FROM i * 16 + 1 FOR 16) NOT IN (was, CASE WHEN becomes = zeros THEN zeros ELSE was END) THEN
      RAISE EXCEPTION 'an erasure makes no digest for entry %', OLD.first_index + i USING ERRCODE = 'TP002';
    END IF;
  END LOOP;
  IF NOT changed AND (NEW.content <> OLD.content OR NEW.encoding <> OLD.encoding) THEN
    RAISE EXCEPTION 'an erasure of nothing changes nothing of entry %', OLD.first_index USING ERRCODE = 'TP002';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER guard BEFORE UPDATE ON ledger FOR EACH ROW EXECUTE FUNCTION guard_head();
CREATE TRIGGER guard BEFORE UPDATE ON tile_piece FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE ON entry_piece FOR EACH ROW EXECUTE FUNCTION guard_piece();
CREATE TRIGGER guard BEFORE UPDATE ON record_id FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON entry_piece FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON tile_piece FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON record_id FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON entry_piece EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ledger EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON tile_piece EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON record_id EXECUTE FUNCTION refuse_change();

-- The first statement of a commit: moves the head where it still is what the writer believes, or fails with TP001.
CREATE FUNCTION move_head(
  ledger_id integer, from_size bigint, of_epoch bigint, to_size bigint, to_root bytea, recorded_at bigint, signed text
) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE ledger SET size = to_size, root = to_root, last_recorded_at = recorded_at, checkpoint = signed
    WHERE id = ledger_id AND size = from_size AND epoch = of_epoch AND successor IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'ledger % is no longer at size %, epoch %', ledger_id, from_size, of_epoch USING ERRCODE = 'TP001';
  END IF;
END $$;

-- Makes partitions until there is room for entries below up_to; returns where the last one ends. Takes no lock that
-- holds up a commit. At most 1000 at once.
CREATE FUNCTION make_room(ledger_id integer, up_to bigint, partition_entries bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  parent text := 'entry_piece_' || ledger_id;
  part text;
  room bigint;
BEGIN
  IF partition_entries < 256 OR partition_entries % 256 <> 0 THEN
    RAISE EXCEPTION 'a partition holds whole blocks of 256 entries, not %', partition_entries;
  END IF;
  PERFORM 1 FROM ledger WHERE id = ledger_id;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no ledger %', ledger_id; END IF;
  PERFORM pg_advisory_xact_lock(to_regclass('entry_partition')::oid::integer, ledger_id);
  IF to_regclass(parent) IS NULL THEN
    EXECUTE format('CREATE TABLE %I (LIKE entry_piece INCLUDING ALL) PARTITION BY RANGE (first_index)', parent);
    EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON %I EXECUTE FUNCTION refuse_change()', parent);
    EXECUTE format('ALTER TABLE entry_piece ATTACH PARTITION %I FOR VALUES IN (%s)', parent, ledger_id);
  END IF;
  SELECT coalesce(max(end_index), 0) INTO room FROM entry_partition WHERE ledger = ledger_id;
  FOR i IN 1 .. 1000 LOOP
    EXIT WHEN room >= up_to;
    part := parent || '_' || room;
    EXECUTE format('CREATE TABLE %I (LIKE entry_piece INCLUDING ALL)', part);
    EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON %I EXECUTE FUNCTION refuse_change()', part);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
      parent, part, room, room + partition_entries);
    INSERT INTO entry_partition VALUES (ledger_id, room, room + partition_entries, part);
    room := room + partition_entries;
  END LOOP;
  RETURN room;
END $$;

CREATE FUNCTION erase_piece(
  ledger_id integer, piece bigint, new_salts bytea, new_digests bytea, new_encoding smallint, new_content bytea
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM set_config('trailproof.erasing', 'on', true);
  UPDATE entry_piece SET salts = new_salts, digests = new_digests, encoding = new_encoding, content = new_content
    WHERE ledger = ledger_id AND first_index = piece;
  PERFORM set_config('trailproof.erasing', 'off', true);
END $$;

-- Writes the partition anew without the row versions that an erasure left behind. False, and nothing done: somebody (here
-- or on a standby with feedback) may still see what was there when the transaction erased_by ended.
CREATE FUNCTION rewrite_partition(ledger_id integer, of_index bigint, erased_by xid8) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  part text;
  since CONSTANT integer := age(erased_by::xid);
BEGIN
  SELECT name INTO part FROM entry_partition
    WHERE ledger = ledger_id AND first_index <= of_index AND of_index < end_index;
  IF part IS NULL THEN RETURN true; END IF;
  IF EXISTS (
    SELECT FROM pg_stat_activity WHERE (datname = current_database() OR datname IS NULL)
      AND (age(backend_xmin) >= since OR age(backend_xid) >= since)
    UNION ALL SELECT FROM pg_replication_slots WHERE age(xmin) >= since
    UNION ALL SELECT FROM pg_prepared_xacts WHERE age(transaction) >= since
  ) THEN RETURN false; END IF;
  EXECUTE format('CLUSTER %I USING %I', part, part || '_pkey');
  RETURN true;
END $$;

REVOKE EXECUTE ON FUNCTION make_room, erase_piece, rewrite_partition FROM PUBLIC;
`,
  down: `
DROP TABLE entry_partition, entry_piece, record_id, tile_piece, ledger;
DROP FUNCTION rewrite_partition, erase_piece, make_room, move_head, guard_piece, guard_head, refuse_change;
`,
}
