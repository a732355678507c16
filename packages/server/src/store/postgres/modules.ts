/** The modules we keep on PostgreSQL, each in a schema of its own. */
import type { MigrationModule } from '../../migrate/migration.ts'
import { directory0001 } from './migrations/directory-0001.ts'
import { directory0002 } from './migrations/directory-0002.ts'
import { directory0003 } from './migrations/directory-0003.ts'
import { directory0004 } from './migrations/directory-0004.ts'
import { directory0005 } from './migrations/directory-0005.ts'
import { directory0006 } from './migrations/directory-0006.ts'
import { directory0007 } from './migrations/directory-0007.ts'
import { index0001 } from './migrations/index-0001.ts'
import { ledger0001 } from './migrations/ledger-0001.ts'
import { ledger0002 } from './migrations/ledger-0002.ts'
import { ledger0003 } from './migrations/ledger-0003.ts'
import { lock0001 } from './migrations/lock-0001.ts'

/** Entries in one partition: what an erasure writes anew, about 65 MB of usual records. */
export const PARTITION_ENTRIES = 2 ** 18

export const ledgerModule: MigrationModule = {
  name: 'ledger',
  dependsOn: [],
  migrations: [ledger0001, ledger0002, ledger0003],
  afterUp: `SELECT make_room(id, size + ${PARTITION_ENTRIES}, ${PARTITION_ENTRIES}) FROM ledger WHERE successor IS NULL`,
  grants: `
GRANT USAGE ON SCHEMA :schema TO :role;
GRANT SELECT ON ALL TABLES IN SCHEMA :schema TO :role;
GRANT INSERT ON ledger, entry_piece, record_id, tile_piece TO :role;
GRANT UPDATE (size, root, last_recorded_at, epoch, checkpoint, successor) ON ledger TO :role;
GRANT EXECUTE ON FUNCTION move_head, make_room, erase_piece, rewrite_partition TO :role;
`,
}

export const directoryModule: MigrationModule = {
  name: 'directory',
  dependsOn: [],
  migrations: [
    directory0001,
    directory0002,
    directory0003,
    directory0004,
    directory0005,
    directory0006,
    directory0007,
  ],
  grants: `
GRANT USAGE ON SCHEMA :schema TO :role;
GRANT SELECT ON ALL TABLES IN SCHEMA :schema TO :role;
GRANT INSERT ON api_key, role, quarantined_record, saved_search, lease TO :role;
GRANT UPDATE (revoked_at, expires_at, last_used_at) ON api_key TO :role;
GRANT INSERT, UPDATE, DELETE ON user_account, invitation, session TO :role;
GRANT UPDATE ON identity_revision TO :role;
GRANT UPDATE, DELETE ON saved_search, role TO :role;
GRANT UPDATE ON lease TO :role;
GRANT DELETE ON quarantined_record TO :role;
GRANT INSERT, DELETE ON approval, legal_hold TO :role;
GRANT UPDATE (entry) ON legal_hold TO :role;
GRANT INSERT, UPDATE ON retention TO :role;
GRANT UPDATE (state, request, decision, outcome) ON approval TO :role;
GRANT EXECUTE ON FUNCTION rewrite_table TO :role;
`,
}

/** Made from the ledgers, in the same database or another one: it can be dropped and filled again. */
export const indexModule: MigrationModule = {
  name: 'index',
  dependsOn: [],
  migrations: [index0001],
  grants: `
GRANT USAGE ON SCHEMA :schema TO :role;
GRANT SELECT ON ALL TABLES IN SCHEMA :schema TO :role;
GRANT INSERT (name, part_entries), UPDATE (cursor, generation, shapes, other_shapes, several_statuses, cut_terms)
  ON indexed_ledger TO :role;
GRANT INSERT ON indexed_entry, shape, zone, rollup, part_to_rewrite TO :role;
GRANT UPDATE (erased, status, actor, terms), DELETE ON indexed_entry TO :role;
GRANT UPDATE (entries) ON shape, rollup TO :role;
GRANT UPDATE (min_ms, max_ms) ON zone TO :role;
GRANT EXECUTE ON FUNCTION make_room, settle_part, reset_ledger, rewrite_part TO :role;
`,
}

/** In a database of its own, best in another cluster: it convicts a restored backup of the ledgers. */
export const lockModule: MigrationModule = {
  name: 'lock',
  dependsOn: [],
  migrations: [lock0001],
  grants: `
GRANT USAGE ON SCHEMA :schema TO :role;
GRANT SELECT, INSERT ON checkpoint_lock TO :role;
GRANT SELECT ON schema_migrations TO :role;
GRANT UPDATE (size, checkpoint) ON checkpoint_lock TO :role;
`,
}

/** What `trailproof migrate` brings up in a database. */
export const postgresModules: readonly MigrationModule[] = [
  ledgerModule,
  directoryModule,
  lockModule,
  indexModule,
]
