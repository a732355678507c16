import type { Migration } from '../../../migrate/migration.ts'

/**
 * Rows whose content and salts are sealed: bit 2 of encoding. An erasure seals them anew, so that nothing of them can be compared here;
 * what cannot be told is what leaves and checkpoints, which stay, prove. Nothing sealed is ever put back in clear.
 */
export const ledger0002: Migration = {
  version: 2,
  name: 'sealed-rows',
  evidence: 'SELECT 1 FROM entry_piece WHERE encoding >= 2 LIMIT 1',
  up: `
CREATE OR REPLACE FUNCTION guard_piece() RETURNS trigger LANGUAGE plpgsql AS $$
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
      OR NEW.leaves <> OLD.leaves OR length(NEW.digests) <> length(OLD.digests)
      OR length(NEW.salts) <> OLD.count * 32 + (CASE WHEN NEW.encoding >= 2 THEN 36 ELSE 0 END) THEN
    RAISE EXCEPTION 'an erasure leaves the leaves of entry % as they are', OLD.first_index USING ERRCODE = 'TP002';
  END IF;
  IF NEW.encoding >= 2 THEN
    FOR i IN 0 .. OLD.count - 1 LOOP
      was := substring(OLD.digests FROM i * 16 + 1 FOR 16);
      IF substring(NEW.digests FROM i * 16 + 1 FOR 16) NOT IN (was, zeros) THEN
        RAISE EXCEPTION 'an erasure makes no digest for entry %', OLD.first_index + i USING ERRCODE = 'TP002';
      END IF;
    END LOOP;
    RETURN NEW;
  END IF;
  IF OLD.encoding >= 2 THEN
    RAISE EXCEPTION 'entry % was sealed and stays so', OLD.first_index USING ERRCODE = 'TP002';
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
`,
  down: `
CREATE OR REPLACE FUNCTION guard_piece() RETURNS trigger LANGUAGE plpgsql AS $$
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
`,
}
