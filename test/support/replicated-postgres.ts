/** A PostgreSQL with a synchronous standby that can take its place, again and again. */
import { vi } from 'vitest'
import { execute } from './each-postgres.ts'
import { type PostgresServer, startPostgres, startStandby } from './postgres-server.ts'

const STANDBY = 'standby'
const PATIENT = { timeout: 60_000, interval: 20 }

export interface ReplicatedPostgres extends AsyncDisposable {
  /** Whoever takes writes now. */
  readonly primary: PostgresServer
  /** The primary ends as by a power cut and never comes back; the standby takes its place, and gets a standby of its own. */
  failOver(): Promise<void>
}

/** Of the system's PostgreSQL, which has the tools for it. `onPrimary` is told of each primary, before anyone may write to it. */
export async function startReplicatedPostgres(
  settings: Readonly<Record<string, string>>,
  onPrimary: (primary: PostgresServer) => void,
): Promise<ReplicatedPostgres> {
  let primary = await startPostgres({ kind: 'system', settings })
  let standby = await addStandby(primary, settings)
  onPrimary(primary)
  return {
    get primary() {
      return primary
    },
    async failOver() {
      const lost = primary
      await lost.kill()
      await standby.promote()
      primary = standby
      onPrimary(primary)
      await lost[Symbol.asyncDispose]()
      standby = await addStandby(primary, settings)
    },
    async [Symbol.asyncDispose]() {
      await standby[Symbol.asyncDispose]()
      await primary[Symbol.asyncDispose]()
    },
  }
}

async function addStandby(primary: PostgresServer, settings: Readonly<Record<string, string>>) {
  // A primary that is back is found again at once, not after the default of 5 s: nothing is committed without its standby.
  const standby = await startStandby(primary, STANDBY, { ...settings, wal_retrieve_retry_interval: '100ms' })
  await execute(primary.url, `ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`)
  await execute(primary.url, 'SELECT pg_reload_conf()')
  const states = () => execute(primary.url, 'SELECT sync_state FROM pg_stat_replication')
  await vi.waitUntil(async () => JSON.stringify(await states()) === '[{"sync_state":"sync"}]', PATIENT)
  return standby
}
