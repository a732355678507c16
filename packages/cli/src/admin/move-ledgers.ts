/** The offline way from SQLite to PostgreSQL. */
import { encryptionOf, moveLedgers, TrailproofError } from '@trailproof/server'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { Failure, usageFailure } from '../failure.ts'
import { readSettings } from '../serve/run-server.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatEntries, startProgress } from '../terminal/progress.ts'

export interface MoveFlags {
  readonly database?: string
  readonly lockDatabase?: string
  readonly data?: string
  readonly keys?: string
  readonly masterKey?: string
  readonly config?: string
  readonly json?: true
}

export async function move(flags: MoveFlags, context: Context): Promise<void> {
  const { data, keys, config, json } = flags
  const given = {
    data,
    keys,
    database: flags.database,
    lock_database: flags.lockDatabase,
    master_key: flags.masterKey,
  }
  const settings = readSettings(given, context, config)
  const { database, lock_database: lockDatabase } = settings
  if (database === '') throw usageFailure('where to? Name the PostgreSQL with --database')
  const moved = await (async () => {
    using progress = startProgress(context, 'moving', 'entries')
    return moveLedgers({
      data: settings.data,
      keys: settings.keys,
      database,
      lockDatabase,
      encryption: encryptionOf(settings),
      onProgress: (name, entries, of) => progress.update(entries, of, name),
    })
  })().catch((cause: unknown) => {
    if (!(cause instanceof TrailproofError)) throw cause
    throw new Failure(cause.code === 'LOCK_HELD' ? EXIT.cannotStart : EXIT.refused, cause.message, { cause })
  })
  for (const { name, origin, size, root } of moved) {
    const rootText = Buffer.from(root).toString('base64')
    if (json) printJson(context, { ledger: name, origin, size, root: rootText })
    else context.stdout.write(`${name}: ${formatEntries(size)}, root ${rootText}, ${origin}\n`)
  }
  if (json) return
  const locks = lockDatabase === '' ? '' : ' --lock-database …'
  context.stdout.write(
    `Everything is in the database and was read back; what was there before is kept as *.moved in ${settings.data}.\n` +
      `Start the server with --database …${locks} and the same --keys.\n`,
  )
}
