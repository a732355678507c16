/** A small ledger in memory, honest until a test damages it. */

import { hash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import type { NoteSigner, VerifyEd25519 } from '@trailproof/core'
import {
  commitment,
  encodeLeaf,
  encodeUtf8,
  encodeUuid,
  LEAF_BYTES,
  leafHash,
  signCheckpoint,
  TiledTree,
  verifierKey,
} from '@trailproof/core'
import type { EvidenceEntry, EvidenceSource } from '@trailproof/verify'

export const sha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer')
export const origin = 'trailproof.invalid/7f3a/main'
export const log: NoteSigner = signer(origin, 1)
export const nextLog: NoteSigner = signer(origin, 2)

export const verifyEd25519: VerifyEd25519 = (publicKey, message, signature) => {
  try {
    return ed25519.verify(signature, message, publicKey)
  } catch {
    return false // noble throws on points that are none
  }
}

export function signer(name: string, seed: number): NoteSigner {
  const secret = new Uint8Array(32).fill(seed)
  return {
    key: verifierKey(sha256, name, ed25519.getPublicKey(secret)),
    sign: (message) => ed25519.sign(message, secret),
  }
}

export interface Fields {
  readonly action?: string
  readonly metadata?: unknown
  readonly recordedAtUs?: number
  readonly idOf?: number
}

/** Entry `index`; its salts and ids follow from the index. */
export function sampleEntry(index: number, fields: Fields = {}): EvidenceEntry {
  const id = sha256(encodeUtf8(`id ${fields.idOf ?? index}`)).slice(0, 16)
  const core = encodeUtf8(
    JSON.stringify({ action: fields.action ?? 'payment.created', id: encodeUuid(id), kind: 'event' }),
  )
  const personal = encodeUtf8(
    JSON.stringify({ actor: { id: `u-${index}` }, metadata: fields.metadata ?? {} }),
  )
  const [coreSalt, personalSalt] = [sha256(core).slice(0, 16), sha256(personal).slice(0, 16)]
  const leaf = encodeLeaf({
    id,
    recordedAtUs: fields.recordedAtUs ?? 1_763_716_800_000_000 + index * 1000,
    core: commitment(sha256, 'core', coreSalt, core),
    personal: commitment(sha256, 'personal', personalSalt, personal),
  })
  return {
    leaf,
    core: { kind: 'present', bytes: core, salt: coreSalt },
    personal: { kind: 'present', bytes: personal, salt: personalSalt },
  }
}

export class SampleLedger implements EvidenceSource {
  entries: EvidenceEntry[] = []
  readonly tiles = new Map<string, Uint8Array>()
  note = ''
  readonly #tree = TiledTree.empty(sha256)

  constructor(size: number, ...special: (readonly [index: number, fields: Fields])[]) {
    const fields = new Map(special)
    this.append(Array.from({ length: size }, (_, index) => sampleEntry(index, fields.get(index))))
  }

  append(entries: readonly EvidenceEntry[], signers: readonly NoteSigner[] = [log]): void {
    for (const entry of entries) {
      this.entries.push(entry)
      this.#tree.append(leafHash(sha256, entry.leaf.subarray(0, LEAF_BYTES)))
    }
    for (const { level, index, hashes } of this.#tree.takeChangedTiles())
      this.tiles.set(`${level}/${index}`, hashes)
    this.sign(signers)
  }

  sign(signers: readonly NoteSigner[]): void {
    this.note = signCheckpoint({ origin, size: this.#tree.size, root: this.#tree.root() }, signers)
  }

  /** Destroys personal groups, as an erasure does. */
  erase(from: number, to: number): void {
    for (let i = from; i < to; i++) this.entries[i] = { ...this.entries[i]!, personal: { kind: 'erased' } }
  }

  /** Destroys both groups, as retention does. */
  destroy(from: number, to: number): void {
    const gone = { kind: 'erased' } as const
    for (let i = from; i < to; i++) this.entries[i] = { ...this.entries[i]!, core: gone, personal: gone }
  }

  withhold(index: number, group: 'core' | 'personal'): void {
    this.entries[index] = { ...this.entries[index]!, [group]: { kind: 'withheld' } }
  }

  async checkpoint(): Promise<string> {
    return this.note
  }

  async readTile(level: number, index: number): Promise<Uint8Array> {
    return this.tiles.get(`${level}/${index}`) ?? new Uint8Array(0)
  }

  async readEntries(from: number, count: number): Promise<readonly EvidenceEntry[]> {
    return this.entries.slice(from, from + count)
  }
}
