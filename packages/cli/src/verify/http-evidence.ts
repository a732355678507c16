/** Evidence from a server: the checkpoint and tiles that are open to witnesses, and entries in bulk. */
import {
  decodeEntryBundle,
  entriesPath,
  parseVerifierKey,
  readCheckpoint,
  TILE_WIDTH,
  tilePath,
  tileWidth,
  type VerifierKey,
} from '@trailproof/core'
import { sha256 } from '@trailproof/server/ports'
import type { EvidenceEntry, EvidenceGroup, EvidenceSource } from '@trailproof/verify'
import type { EntryAnswer, GroupAnswer, LedgerAnswer } from '../api/answers.ts'
import { type ApiClient, Refusal } from '../api/api-client.ts'
import { untilAnswered } from '../api/retry.ts'
import { EXIT } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { type EvidencePlace, keysOfLedger, type LedgerEvidence, successorsIn } from './ledger-evidence.ts'
import { ReadAhead } from './read-ahead.ts'

/** What the server gives at once, and the verifier asks at once. */
const BATCH_ENTRIES = 1024
const BATCHES_AHEAD = 4
/** 8 KiB each. */
const TILES_KEPT = 512
const RETRIES_MAX = 4

export interface HttpOptions {
  readonly pinned: readonly VerifierKey[]
  /** One ledger; undefined: all that the key can read, or main without a key. */
  readonly ledger: string | undefined
}

export async function openServer(client: ApiClient, { pinned, ledger }: HttpOptions): Promise<EvidencePlace> {
  const names = ledger === undefined ? await namesOf(client) : [ledger]
  return {
    names,
    open: (name) => ledgerEvidence(client, name, pinned),
    successorsOf: async (name) => {
      if (!client.hasToken) return []
      const closed = (await ledgersOf(client)).map(
        (each) => [each.name, each.state.kind === 'closed' ? each.state.successor : undefined] as const,
      )
      const found = successorsIn(name, new Map(closed))
      return await Promise.all(found.map((successor) => ledgerEvidence(client, successor, pinned)))
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

async function namesOf(client: ApiClient): Promise<readonly string[]> {
  if (!client.hasToken) return ['main']
  return (await ledgersOf(client)).map(({ name }) => name)
}

async function ledgersOf(client: ApiClient): Promise<readonly LedgerAnswer[]> {
  return (await client.json<{ ledgers: readonly LedgerAnswer[] }>('/v1/ledgers')).ledgers
}

async function ledgerEvidence(
  client: ApiClient,
  name: string,
  pinned: readonly VerifierKey[],
): Promise<LedgerEvidence> {
  const path = `/ledgers/${encodeURIComponent(name)}`
  const checkpoint = await client.text(`${path}/checkpoint`)
  const head = readCheckpoint(checkpoint)
  const size = head.kind === 'checkpoint' ? head.size : 0
  const claimed = client.hasToken ? await client.json<LedgerAnswer>(`/v1${path}`) : undefined
  const verifierKeys = pinned.length > 0 ? keysOfLedger(pinned, name) : claimedKeys(claimed)
  const source = httpSource(client, path, checkpoint, size)
  if (!client.hasToken && size > 0) await assertPublic(source)
  return {
    name,
    source,
    verifierKeys,
    keysFrom: pinned.length > 0 ? 'pinned' : verifierKeys.length > 0 ? 'server' : 'nobody',
    remembered: [],
    storedSize: size,
    hasLock: false,
  }
}

function claimedKeys(claimed: LedgerAnswer | undefined): VerifierKey[] {
  return (claimed?.verifier_keys ?? []).flatMap((text) => {
    const parsed = parseVerifierKey(text, sha256)
    return parsed.kind === 'verifier-key' ? [parsed.key] : []
  })
}

/** Says at once that a key is needed, rather than at the end that everything is unproven. */
async function assertPublic(source: EvidenceSource): Promise<void> {
  try {
    await source.readEntries(0, 1)
  } catch (error) {
    if (error instanceof Refusal && error.status === 401)
      throw new Failure(EXIT.refused, 'this ledger is not open to all', {
        hint: 'give an API key with scope read: --token or TRAILPROOF_TOKEN',
        cause: error,
      })
    throw error
  }
}

function httpSource(client: ApiClient, path: string, checkpoint: string, size: number): EvidenceSource {
  const again = { retriesMax: RETRIES_MAX }
  const bytesAt = (part: string): Promise<Uint8Array> =>
    untilAnswered(
      async () => new Uint8Array(await (await client.call(`${path}/${part}`)).arrayBuffer()),
      again,
    )
  const tiles = new ReadAhead((part: string) => bytesAt(part).catch(nothingWhenNotFound), TILES_KEPT)
  const entries = new ReadAhead(
    (from: number) =>
      client.hasToken ? bulkEntries(client, path, from) : publicEntries(bytesAt, from, size),
    BATCHES_AHEAD + 1,
  )
  return {
    checkpoint: async () => checkpoint,
    readTile: (level, index, width) => tiles.read(tilePath(level, index, width)),
    async readEntries(from, count) {
      const end = Math.min(size, from + BATCH_ENTRIES * (BATCHES_AHEAD + 1))
      for (let at = from + BATCH_ENTRIES; at < end; at += BATCH_ENTRIES) entries.start(at)
      const batch = entries.read(from)
      for (let tile = Math.ceil(from / TILE_WIDTH); (tile + 1) * TILE_WIDTH <= end; tile++)
        tiles.start(tilePath(0, tile, tileWidth(0, tile, size)))
      return (await batch).slice(0, count)
    },
  }
}

/** Entries with their content, as a reader of the ledger gets them. */
async function bulkEntries(client: ApiClient, path: string, from: number): Promise<EvidenceEntry[]> {
  const query = { from, count: BATCH_ENTRIES }
  const { entries } = await untilAnswered(
    () => client.json<{ entries: readonly EntryAnswer[] }>(`/v1${path}/entries`, { query }),
    { retriesMax: RETRIES_MAX },
  )
  const buffer = new Batch(entries)
  return entries.map(({ leaf, core, personal }) => ({
    leaf: bytesOf(leaf),
    core: buffer.group(core),
    personal: buffer.group(personal),
  }))
}

/** The texts of a batch as views into one buffer. */
class Batch {
  readonly #bytes: Buffer
  #at = 0

  constructor(entries: readonly EntryAnswer[]) {
    let length = 0
    for (const { core, personal } of entries)
      for (const group of [core, personal]) if ('text' in group) length += Buffer.byteLength(group.text)
    this.#bytes = Buffer.allocUnsafe(length)
  }

  group(group: GroupAnswer): EvidenceGroup {
    if ('erased' in group) return { kind: 'erased' }
    if (!('text' in group)) return { kind: 'withheld' }
    const length = this.#bytes.write(group.text, this.#at)
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return { kind: 'present', bytes, salt: bytesOf(group.salt) }
  }
}

/**
 * Node's decoder, which takes 7 % off the command's processor time against core's. It skips what is not base64; that is
 * found out by what the bytes are then: not the leaf in the tree, or not the salt of the commitment.
 */
function bytesOf(base64: string): Uint8Array {
  return Buffer.from(base64, 'base64')
}

/** Leaves alone, from the entry bundles of a public log; the content is withheld from who has no key. */
async function publicEntries(
  bytesAt: (part: string) => Promise<Uint8Array>,
  from: number,
  size: number,
): Promise<EvidenceEntry[]> {
  const index = Math.floor(from / TILE_WIDTH)
  const width = tileWidth(0, index, size)
  const bundle = decodeEntryBundle(await bytesAt(entriesPath(index, width)), width)
  if (bundle.kind === 'problem') throw new Error(bundle.problem)
  return bundle.entries
    .slice(from - index * TILE_WIDTH)
    .map((leaf) => ({ leaf, core: { kind: 'withheld' }, personal: { kind: 'withheld' } }))
}

const NOTHING = new Uint8Array(0)

/** What is not found below the checkpoint's size is missing; other failures say nothing about the ledger. */
function nothingWhenNotFound(error: unknown): Uint8Array {
  if (error instanceof Refusal && error.status === 404) return NOTHING
  throw error
}
