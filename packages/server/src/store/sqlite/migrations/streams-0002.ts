import type { Migration } from '../../../migrate/migration.ts'

export const streams0002: Migration = {
  version: 2,
  name: 'unread',
  up: `
-- The last entry whose numbers could not be read, as it is destroyed or damaged. -1: none.
ALTER TABLE watched_ledger ADD COLUMN unread_at INTEGER NOT NULL DEFAULT -1;
-- The last entry that a number of the stream stood in. -1: none, or not known.
ALTER TABLE stream ADD COLUMN seen_at INTEGER NOT NULL DEFAULT -1;
`,
}
