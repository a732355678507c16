/** What can be seen on this machine: Node, settings, directories, disks, and how the data stands to its lock. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { readCheckpoint } from '@trailproof/core'
import type { Settings } from '@trailproof/server'
import { LEDGER_FILE, readLockFile, SqliteLedgerReader } from '@trailproof/server/ports'
import { formatCount, formatEntries } from '../terminal/progress.ts'
import { type Check, fail, ok, warn } from './check.ts'

const NODE_MAJOR_LEAST = 24
const MIB = 2 ** 20

export function nodeCheck(version: string): Check {
  const major = Number(version.split('.')[0])
  return major >= NODE_MAJOR_LEAST
    ? ok('node', version)
    : fail('node', version, `install Node.js ${NODE_MAJOR_LEAST} or newer`)
}

export function directoryChecks({ data, keys, disk_reserve_mib }: Settings): Check[] {
  const checks = [writableCheck('data', data), writableCheck('keys', keys)]
  if (checks.some(({ state }) => state === 'fail')) return checks
  checks.push(
    deviceOf(data) === deviceOf(keys)
      ? warn(
          'disks',
          'data and keys are on one disk',
          'put --keys on another one: it proves what the data was if that disk is restored or lost',
        )
      : ok('disks', 'data and keys are on different disks'),
  )
  checks.push(spaceCheck('data', data, disk_reserve_mib))
  if (deviceOf(data) !== deviceOf(keys)) checks.push(spaceCheck('keys', keys, disk_reserve_mib))
  return checks
}

function writableCheck(name: string, directory: string): Check {
  const label = `${name} directory`
  try {
    accessSync(nearest(directory), constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    return fail(label, (error as Error).message, `let the user of the server write ${directory}`)
  }
  return existsSync(directory) ? ok(label, directory) : ok(label, `${directory} (made at the first start)`)
}

function spaceCheck(name: string, directory: string, reserveMib: number): Check {
  const { bavail, bsize } = statfsSync(nearest(directory))
  const freeMib = Math.floor((bavail * bsize) / MIB)
  const found = `${formatCount(freeMib)} MiB free for ${name}, reserve ${formatCount(reserveMib)} MiB`
  if (freeMib < reserveMib)
    return fail('free space', found, 'make room: records are refused until there is more than the reserve')
  return freeMib < 4 * reserveMib ? warn('free space', found, 'make room soon') : ok('free space', found)
}

function deviceOf(directory: string): number {
  return statSync(nearest(directory)).dev
}

/** The directory, or what it will be made in. */
function nearest(directory: string): string {
  let path = resolve(directory)
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path)
  return path
}

/** Each ledger's data against the last checkpoint signed for it: what would keep it from starting. */
export async function ledgerChecks({ data, keys }: Settings): Promise<Check[]> {
  const file = join(data, LEDGER_FILE)
  if (!existsSync(file)) return [ok('ledgers', 'none yet')]
  try {
    await using reader = SqliteLedgerReader.open(file)
    const checks: Check[] = []
    for (const { name, size, standing } of await reader.ledgers())
      checks.push(
        standing.kind === 'open'
          ? ledgerCheck(name, size, keys)
          : ok(
              `ledger ${name}`,
              standing.kind === 'deleted' ? 'deleted' : `closed, goes on in ${standing.successor}`,
            ),
      )
    return checks
  } catch (error) {
    return [fail('ledgers', `${file}: ${(error as Error).message}`, `run: trailproof verify ${data}`)]
  }
}

function ledgerCheck(name: string, size: number, keys: string): Check {
  const label = `ledger ${name}`
  const succeed = `trailproof ledger succeed ${name} --reason '...'`
  if (!existsSync(join(keys, `${name}.key`)))
    return fail(label, `its key is not in ${keys}`, 'name the directory that holds it with --keys')
  const lock = join(keys, `${name}.lock`)
  if (!existsSync(lock))
    return fail(label, `its lock is not in ${keys}`, `put it back; if it is lost: ${succeed}`)
  const sizes = readLockFile(lock).map((note) => {
    const parsed = readCheckpoint(note)
    return parsed.kind === 'checkpoint' ? parsed.size : -1
  })
  const locked = Math.max(-1, ...sizes)
  if (locked > size)
    return fail(
      label,
      `the data ends at ${formatCount(size)}, a checkpoint was signed at ${formatCount(locked)}: it was restored or copied`,
      `put back the newest data, or stop the server and run: ${succeed}`,
    )
  const ahead = locked < size ? `, ${formatCount(size - locked)} not signed yet` : ''
  return ok(label, `${formatEntries(size)}${ahead}`)
}
