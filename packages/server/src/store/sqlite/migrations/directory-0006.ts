import type { Migration } from '../../../migrate/migration.ts'

export const directory0006: Migration = {
  version: 6,
  name: 'approvals',
  up: `
-- Persons, decisions and outcomes are JSON. The request is '' once nothing becomes of it any more.
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
`,
}
