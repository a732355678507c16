import type { Migration } from '../../../migrate/migration.ts'

export const directory0007: Migration = {
  version: 7,
  name: 'makers',
  evidence: 'SELECT 1 FROM api_key WHERE created_by IS NOT NULL LIMIT 1',
  up: `
-- Ids of callers: who made the key, and who renewed its token last. Null: not known, or nobody.
ALTER TABLE api_key ADD COLUMN created_by text;
ALTER TABLE api_key ADD COLUMN rotated_by text;
`,
  down: 'ALTER TABLE api_key DROP COLUMN created_by, DROP COLUMN rotated_by;',
}
