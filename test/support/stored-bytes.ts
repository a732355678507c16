/** All that a service has on its disk. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execute } from './each-postgres.ts'
import type { PostgresServer } from './postgres-server.ts'

/** The bytes of every file below, also while a service writes there. */
export function bytesBelow(directory: string): Buffer {
  for (;;)
    try {
      const files = readdirSync(directory, { recursive: true, withFileTypes: true })
      return Buffer.concat(
        files
          .filter((each) => each.isFile())
          .map(({ parentPath, name }) => readFileSync(join(parentPath, name))),
      )
    } catch (error) {
      // A file was merged into one that was not listed yet, or deleted.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
}

/** Tables and indexes of all databases, as they are on the disk after a checkpoint; not the write-ahead log. */
export async function tablesOf(postgres: Pick<PostgresServer, 'data'>, url: string): Promise<Buffer> {
  await execute(url, 'CHECKPOINT')
  return bytesBelow(join(postgres.data, 'base'))
}
