/** Runs a suite on each PostgreSQL there is: 18 from npm, and the system's own, which is another major version. */
import pg from 'pg'
import { afterAll, beforeAll, describe } from 'vitest'
import { type PostgresKind, type PostgresServer, startPostgres, systemBinaries } from './postgres-server.ts'

export interface TestedPostgres {
  /** `postgres 18`. */
  readonly name: string
  readonly kind: PostgresKind
  /** While tests run. */
  server(): PostgresServer
  /** A new, empty database of it. */
  database(): Promise<string>
}

export function onEachPostgres(
  suite: (postgres: TestedPostgres) => void,
  settings: Readonly<Record<string, string>> = {},
): void {
  const major = /(\d+)\/bin$/.exec(systemBinaries() ?? '')?.[1]
  run('18', 'postgres 18', suite, settings)
  run('system', `postgres ${major ?? '(NOT RUN: apt-get install postgresql)'} of the system`, suite, settings)
}

function run(
  kind: PostgresKind,
  name: string,
  suite: (postgres: TestedPostgres) => void,
  settings: Readonly<Record<string, string>>,
): void {
  describe.skipIf(kind === 'system' && systemBinaries() === undefined)(`On ${name}`, () => {
    let server: PostgresServer
    let databases = 0
    beforeAll(async () => {
      server = await startPostgres({ kind, settings })
    })
    afterAll(async () => {
      await server[Symbol.asyncDispose]()
    })
    suite({
      name,
      kind,
      server: () => server,
      async database() {
        const database = `test_${++databases}`
        await execute(server.url, `CREATE DATABASE ${database}`)
        return server.url.replace(/[^/]*$/, database)
      },
    })
  })
}

/** Runs statements as their own client would. */
export async function execute(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined) // tests cut connections
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text, [...values])).rows
  } finally {
    await client.end()
  }
}
