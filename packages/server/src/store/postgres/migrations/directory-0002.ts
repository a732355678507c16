import type { Migration } from '../../../migrate/migration.ts'

export const directory0002: Migration = {
  version: 2,
  name: 'roles',
  evidence: "SELECT 1 FROM api_key WHERE roles <> '[]' UNION ALL SELECT 1 FROM role LIMIT 1",
  up: `
-- Lists are JSON: names of roles and teams may have spaces.
ALTER TABLE api_key ADD COLUMN roles text NOT NULL DEFAULT '[]';
ALTER TABLE api_key ADD COLUMN teams text NOT NULL DEFAULT '[]';

CREATE TABLE role (
  name text COLLATE "C" PRIMARY KEY,
  description text NOT NULL,
  permissions text NOT NULL,
  row_condition text,
  hidden text NOT NULL,
  changed_at bigint NOT NULL
);
`,
  down: `
DROP TABLE role;
ALTER TABLE api_key DROP COLUMN roles, DROP COLUMN teams;
`,
}
