import type { Migration } from '../../../migrate/migration.ts'

export const directory0004: Migration = {
  version: 4,
  name: 'approvals',
  evidence: 'SELECT 1 FROM approval LIMIT 1',
  up: `
-- Persons, decisions and outcomes are JSON. The request is '' once nothing becomes of it any more.
CREATE TABLE approval (
  id text COLLATE "C" PRIMARY KEY,
  ledger text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  act text NOT NULL,
  request text NOT NULL,
  digest text NOT NULL,
  asked_by text NOT NULL,
  asked_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  decision text,
  outcome text
);

CREATE INDEX approval_by_state ON approval (state, id);`,
  down: `
DROP TABLE approval;`,
}
