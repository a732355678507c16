import type { Migration } from '../../../migrate/migration.ts'

export const directory0005: Migration = {
  version: 5,
  name: 'holds',
  evidence: 'SELECT 1 FROM legal_hold LIMIT 1',
  up: `
-- Which records are held, and by whom, is JSON. The entry is that of the ledger that says so; null while there is none.
CREATE TABLE legal_hold (
  ledger text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  records text NOT NULL,
  authority text NOT NULL,
  reason text NOT NULL,
  held_by text NOT NULL,
  held_at bigint NOT NULL,
  entry bigint,
  PRIMARY KEY (ledger, name)
);`,
  down: `
DROP TABLE legal_hold;`,
}
