/** Changes the files of keys: each is replaced as a whole, and a running server looks at them by itself. */
import { existsSync } from 'node:fs'
import { TrailproofError } from '@trailproof/server'
import {
  addDataKey,
  addMasterKey,
  createKeyFile,
  type DataKeyFile,
  ledgersWithDataKeys,
  openKeyRing,
  readDataKeyFile,
  rewrapDataKeys,
} from '@trailproof/server/ports'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { Failure, usageFailure } from '../failure.ts'
import { printJson } from '../terminal/print-json.ts'
import { type EncryptionFlags, readEncryption } from './read-encryption.ts'

export interface DataKeyFlags extends EncryptionFlags {
  readonly ledger?: string
  readonly json?: true
}

export async function createMasterKey(
  path: string,
  { add }: { readonly add?: true },
  { stdout }: Context,
): Promise<void> {
  await told(async () => {
    if (!add) {
      createKeyFile(path)
      stdout.write(
        `made ${path}. Keep a copy of it apart from the data: without it nobody can read what it encrypts.\n` +
          `Start the server with --master-key file:${path}\n`,
      )
      return
    }
    const id = addMasterKey(path)
    stdout.write(`added ${id} to ${path}. Wrap the data keys under it with: trailproof keys rewrap\n`)
  })
}

export async function listDataKeys(flags: DataKeyFlags, context: Context): Promise<void> {
  await told(async () => {
    const { keys } = readEncryption(flags, context)
    for (const ledger of ledgersOf(flags, keys)) print(readDataKeyFile(keys, ledger)!, '', flags, context)
  })
}

export async function rotateDataKeys(flags: DataKeyFlags, context: Context): Promise<void> {
  await told(async () => {
    const options = readEncryption(flags, context)
    const ledgers = ledgersOf(flags, options.keys)
    const ring = await openKeyRing(options)
    for (const ledger of ledgers)
      print(await addDataKey(options.keys, ledger, ring), 'rotated', flags, context)
  })
}

export async function rewrapAll(
  flags: DataKeyFlags & { readonly fromMasterKey?: string },
  context: Context,
): Promise<void> {
  await told(async () => {
    const options = readEncryption(flags, context)
    const ledgers = ledgersOf(flags, options.keys)
    const to = await openKeyRing(options)
    const from =
      flags.fromMasterKey === undefined
        ? to
        : await openKeyRing({ ...options, masterKey: flags.fromMasterKey })
    for (const ledger of ledgers)
      print(await rewrapDataKeys(options.keys, ledger, { from, to }), 'wrapped anew', flags, context)
  })
}

function ledgersOf({ ledger }: DataKeyFlags, keys: string): readonly string[] {
  const all = existsSync(keys) ? ledgersWithDataKeys(keys) : []
  const chosen = all.filter((name) => name === (ledger ?? name))
  if (chosen.length > 0) return chosen
  throw usageFailure(
    ledger === undefined
      ? `no ledger has data keys in ${keys}`
      : `ledger ${ledger} has no data keys in ${keys}${all.length > 0 ? `; there are those of ${all.join(', ')}` : ''}`,
    'name the directory given to serve --keys; a server makes the data keys when it starts with a master_key',
  )
}

function print(file: DataKeyFile, done: string, { json }: DataKeyFlags, context: Context): void {
  const { ledger, data_keys, index_key } = file
  const newest = data_keys.at(-1)!
  const masterKeys = [...new Set([...data_keys, index_key].map(({ wrapped_by }) => wrapped_by))]
  if (json) {
    const keys = data_keys.map(({ id, made_at, wrapped_by }) => ({ id, made_at, wrapped_by }))
    return printJson(context, { ledger, newest: newest.id, data_keys: keys, master_keys: masterKeys })
  }
  const count = data_keys.length === 1 ? '1 data key' : `${data_keys.length} data keys`
  context.stdout.write(
    `${ledger}: ${done === '' ? '' : `${done}, `}${count}, the newest ${newest.id} of ${newest.made_at.slice(0, 19)}, ` +
      `wrapped by ${masterKeys.join(' and ')}\n`,
  )
}

/** What can be foreseen, as what a person can do about it. */
async function told(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (!(cause instanceof TrailproofError)) throw cause
    throw new Failure(cause.code === 'BAD_SETTING' ? EXIT.usage : EXIT.refused, cause.message, { cause })
  }
}
