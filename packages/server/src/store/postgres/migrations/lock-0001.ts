import type { Migration } from '../../../migrate/migration.ts'

export const lock0001: Migration = {
  version: 1,
  name: 'lock',
  evidence: 'SELECT 1 FROM checkpoint_lock LIMIT 1',
  up: `
CREATE TABLE checkpoint_lock (
  ledger text PRIMARY KEY,
  size bigint NOT NULL,
  checkpoint text NOT NULL
) WITH (fillfactor = 20);

CREATE FUNCTION guard_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.ledger = OLD.ledger AND NEW.size >= OLD.size THEN RETURN NEW; END IF;
  RAISE EXCEPTION '% of a lock is refused: it only goes forward', TG_OP USING ERRCODE = 'TP002';
END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON checkpoint_lock FOR EACH ROW EXECUTE FUNCTION guard_lock();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON checkpoint_lock EXECUTE FUNCTION guard_lock();
`,
  down: `
DROP TABLE checkpoint_lock;
DROP FUNCTION guard_lock;
`,
}
