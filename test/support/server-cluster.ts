/** Servers on one database, through one broker. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { execute } from './each-postgres.ts'
import { migrated } from './migrated-database.ts'
import { type TestServer, testServer } from './test-server.ts'

let places = 0

export interface ServerCluster {
  /** Its database. */
  readonly database: string
  /** Of its keys, topics and indices among those of others. */
  readonly place: string
  /** Starts one more server. */
  readonly start: (settings?: Record<string, unknown>) => Promise<TestServer>
}

/** A new database on a PostgreSQL and a directory of keys, for servers with this intake. */
export async function serverCluster(
  postgres: string,
  intake: (place: string) => string,
): Promise<ServerCluster> {
  const place = `cluster_${process.pid}_${places++}`
  await execute(postgres, `CREATE DATABASE ${place}`)
  const database = await migrated(postgres.replace(/[^/]*$/, place))
  const keys = mkdtempSync(join(tmpdir(), 'trailproof-keys-'))
  onTestFinished(() => rmSync(keys, { recursive: true, force: true }))
  return {
    database,
    place,
    start: (settings = {}) =>
      testServer({ database, lock_database: database, keys, intake: intake(place), ...settings }),
  }
}
