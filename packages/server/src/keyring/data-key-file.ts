/** `<keys>/<ledger>.data-keys`: the data keys of a ledger, wrapped; no secret by itself. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { takeExclusiveUse } from '../process/exclusive-use.ts'
import { replaceDurably } from '../process/replace-durably.ts'
import { TrailproofError } from '../trailproof-error.ts'

export interface DataKeyFile {
  readonly version: 1
  readonly ledger: string
  /** Oldest first: the last one encrypts, all decrypt. */
  readonly data_keys: readonly StoredDataKey[]
  /** Key of the blind index; made once. */
  readonly index_key: StoredKeyText
}

export interface StoredKeyText {
  /** The master key that wrapped it. */
  readonly wrapped_by: string
  readonly wrapped: string
}

export interface StoredDataKey extends StoredKeyText {
  /** 8 random bytes, hexadecimal; what is encrypted under the key begins with them. */
  readonly id: string
  /** RFC 3339. */
  readonly made_at: string
  /** No entry before this index was first written under it. */
  readonly from_size: number
}

/** Writing takes milliseconds: who has the file for longer stands still, and may for long. */
const WAIT_MS = 5000
/** Others may change a file while we ask for a key to be wrapped; not that often. */
const ATTEMPTS = 10
const ENDING = '.data-keys'

export function dataKeyPath(directory: string, ledger: string): string {
  return join(directory, ledger + ENDING)
}

/** The ledgers that have data keys, by name. */
export function ledgersWithDataKeys(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(ENDING) && !name.startsWith('.'))
    .map((name) => name.slice(0, -ENDING.length))
    .toSorted((a, b) => (a < b ? -1 : 1))
}

/** Undefined when there is none. Throws KEY_MISSING when it cannot be what was written. */
export function readDataKeyFile(directory: string, ledger: string): DataKeyFile | undefined {
  const text = textOf(directory, ledger)
  return text === undefined ? undefined : parsed(text, directory, ledger)
}

/**
 * Puts what `change` makes of the file in its place, whole, durable when resolved; `change` is asked again when another process was
 * faster. Undefined of it: nothing is changed. Several servers and commands may share the directory.
 */
export async function changeDataKeyFile(
  directory: string,
  ledger: string,
  change: (file: DataKeyFile | undefined) => Promise<DataKeyFile | undefined>,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const before = textOf(directory, ledger)
    const changed = await change(before === undefined ? undefined : parsed(before, directory, ledger))
    if (changed === undefined) return
    using _ = takeExclusiveUse(directory, { file: 'data-keys-in-use', waitMs: WAIT_MS })
    if (textOf(directory, ledger) !== before) continue
    return replaceDurably(directory, ledger + ENDING, `${JSON.stringify(changed, undefined, 2)}\n`)
  }
  throw new TrailproofError(
    'LOCK_HELD',
    `${dataKeyPath(directory, ledger)} is changed all the time by others`,
    {
      retryable: true,
    },
  )
}

function textOf(directory: string, ledger: string): string | undefined {
  const path = dataKeyPath(directory, ledger)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function parsed(text: string, directory: string, ledger: string): DataKeyFile {
  const file = jsonOf(text)
  if (isDataKeyFile(file) && file.ledger === ledger) return file
  throw new TrailproofError(
    'KEY_MISSING',
    `${dataKeyPath(directory, ledger)} is not a file of the data keys of ledger ${ledger}: put back its newest copy`,
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isDataKeyFile(value: unknown): value is DataKeyFile {
  const { version, ledger, data_keys, index_key } = (value ?? {}) as Partial<DataKeyFile>
  return (
    version === 1 &&
    typeof ledger === 'string' &&
    isKeyText(index_key) &&
    Array.isArray(data_keys) &&
    data_keys.length > 0 &&
    data_keys.every(
      (key: Partial<StoredDataKey> | null) => isKeyText(key) && /^[0-9a-f]{16}$/.test(key.id ?? ''),
    )
  )
}

function isKeyText(value: unknown): value is StoredDataKey {
  const { wrapped, wrapped_by } = (value ?? {}) as Partial<StoredKeyText>
  return typeof wrapped === 'string' && typeof wrapped_by === 'string'
}
