/** While ledgers are being moved no server may write them, neither where they were nor where they will be. */
import { existsSync, readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { withoutUser } from '../process/without-user.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { syncDirectory } from './file-checkpoint-lock.ts'
import { createDurably } from './ledger-keys.ts'

const MARKER = 'moving'

/** Marks the keys from the beginning of a move to its end, however often it is cut short. Rejects when a move to elsewhere was begun. */
export function beginMove(keys: string, database: string): void {
  const target = withoutUser(database)
  createDurably(keys, MARKER, `${target}\n`)
  const begun = readFileSync(join(keys, MARKER), 'utf8').trim()
  if (begun !== target)
    throw new TrailproofError('BAD_REQUEST', `a move to ${begun} was begun: ${howToGoOn(keys)}`)
}

export function endMove(keys: string): void {
  unlinkSync(join(keys, MARKER))
  syncDirectory(keys)
}

/** Rejects with LOCK_HELD from the beginning of a move to its end. */
export function assertNotMoving(keys: string): void {
  const path = join(keys, MARKER)
  if (!existsSync(path)) return
  const target = readFileSync(path, 'utf8').trim()
  throw new TrailproofError(
    'LOCK_HELD',
    `the ledgers of these keys are on their way to ${target}: ${howToGoOn(keys)}`,
  )
}

function howToGoOn(keys: string): string {
  return `run trailproof ledger move again to its end or, to stay, drop that database and delete ${join(keys, MARKER)}`
}
