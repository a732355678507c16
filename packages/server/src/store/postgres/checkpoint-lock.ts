/** CheckpointLock on PostgreSQL: in a database of its own, best in another cluster than the ledgers'. */
import type { CheckpointLock } from '../../ledger/checkpoint-lock.ts'
import type { CheckpointSize } from '../../ledger/file-checkpoint-lock.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import { Connections } from './connections.ts'
import { stateOf } from './postgres-fault.ts'
import { type PostgresOptions, type ResolvedPostgresOptions, resolveOptions } from './postgres-options.ts'

/** `sizeOf` returns the size a signed checkpoint of the ledger speaks of, undefined when it does not verify. */
export async function openPostgresCheckpointLock(
  options: PostgresOptions | string,
  sizeOf: CheckpointSize,
): Promise<PostgresCheckpointLock> {
  const lock = new PostgresCheckpointLock(resolveOptions(options), sizeOf)
  try {
    await lock.ledgers()
  } catch (cause) {
    await lock[Symbol.asyncDispose]()
    if (stateOf(cause) !== '42P01') throw cause
    throw new TrailproofError(
      'BAD_SETTING',
      'the database has no lock yet: run trailproof migrate up --module lock',
      { cause },
    )
  }
  return lock
}

export class PostgresCheckpointLock implements CheckpointLock {
  readonly #connections: Connections
  readonly #table: string
  readonly #sizeOf: CheckpointSize

  constructor(options: ResolvedPostgresOptions, sizeOf: CheckpointSize) {
    this.#connections = new Connections(options)
    this.#table = `"${options.schemaPrefix}lock".checkpoint_lock`
    this.#sizeOf = sizeOf
  }

  async ledgers(): Promise<readonly string[]> {
    const rows = await this.#connections.read<{ ledger: string }>(
      `SELECT ledger FROM ${this.#table} ORDER BY ledger`,
      [],
    )
    return rows.map(({ ledger }) => ledger)
  }

  async read(ledger: string): Promise<string | undefined> {
    const [row] = await this.#connections.read<{ size: number; checkpoint: string }>(
      `SELECT size, checkpoint FROM ${this.#table} WHERE ledger = $1`,
      [ledger],
    )
    if (row && this.#sizeOf(ledger, row.checkpoint) !== row.size)
      throw new TrailproofError(
        'DATA_DAMAGED',
        `the lock of ${ledger} does not verify under the ledger's key; was it or the key replaced?`,
      )
    return row?.checkpoint
  }

  async advance(ledger: string, checkpoint: string): Promise<void> {
    const size = this.#sizeOf(ledger, checkpoint)
    if (size === undefined)
      throw new TrailproofError('DATA_DAMAGED', `checkpoint of ${ledger} does not verify`)
    // One statement is one transaction; the row is compared under its lock, whoever else advances it.
    const { rowCount } = await this.#connections.change(
      'lock',
      `INSERT INTO ${this.#table} AS lock VALUES ($1, $2, $3) ON CONFLICT (ledger)
          DO UPDATE SET size = excluded.size, checkpoint = excluded.checkpoint WHERE lock.size <= excluded.size`,
      [ledger, size, checkpoint],
    )
    if (rowCount !== 1)
      throw new TrailproofError(
        'HEAD_MOVED',
        `the lock of ${ledger} is past size ${size} and does not go back`,
      )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]()
  }
}
