import type { Migration } from '../../../migrate/migration.ts'

export const directory0006: Migration = {
  version: 6,
  name: 'retention',
  evidence: 'SELECT 1 FROM retention LIMIT 1',
  up: `
-- Rules, who changed them and progress are JSON.
CREATE TABLE retention (
  ledger text COLLATE "C" PRIMARY KEY,
  rules text NOT NULL,
  changed_by text NOT NULL,
  changed_at bigint NOT NULL,
  progress text
);
`,
  down: 'DROP TABLE retention;',
}
