import type { Migration } from '../../../migrate/migration.ts'

export const directory0009: Migration = {
  version: 9,
  name: 'makers',
  up: `
-- Ids of callers: who made the key, and who renewed its token last. Null: not known, or nobody.
ALTER TABLE api_key ADD COLUMN created_by TEXT;
ALTER TABLE api_key ADD COLUMN rotated_by TEXT;
`,
}
