/** Signs what exports say, in the writer's thread, where the keys are. */
import {
  type Checkpoint,
  consistencyProof,
  type ExportManifest,
  type NoteSigner,
  rootAt,
  signCheckpoint,
  signExportManifest,
  verifyConsistency,
} from '@trailproof/core'
import { sha256 } from '../process/sha256.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { readOwnCheckpoint } from './ledger-checkpoint.ts'
import type { LedgerReader, LedgerState } from './ledger-store.ts'

/** What a manifest says beside what its checkpoint does. */
export type ManifestClaims = Omit<ExportManifest, 'origin' | 'size' | 'root'>

export class ExportSigner {
  readonly #state: LedgerState
  /** The newest checkpoint that this server signed for the ledger. */
  readonly #head: Checkpoint
  readonly #signer: NoteSigner
  readonly #store: LedgerReader

  /** `checkpoint` is the newest one signed. */
  constructor(state: LedgerState, checkpoint: string, signer: NoteSigner, store: LedgerReader) {
    const head = readOwnCheckpoint(checkpoint, signer.key)
    if (!head)
      throw new TrailproofError('DATA_DAMAGED', `the checkpoint of ledger ${state.name} is not its own`)
    this.#state = state
    this.#head = head
    this.#signer = signer
    this.#store = store
  }

  /**
   * The signed checkpoint of the first `size` entries. Rejects with DATA_DAMAGED rather than signing a root that
   * is not the beginning of what was signed last: tiles may have been altered since.
   */
  async checkpoint(size: number): Promise<string> {
    const { name, origin } = this.#state
    const head = this.#head
    if (size > head.size)
      throw new TrailproofError(
        'ENTRY_UNKNOWN',
        `ledger ${name} is signed up to ${head.size} entries, not ${size}`,
      )
    const readTile = (level: number, index: number, width: number): Promise<Uint8Array> =>
      this.#store.readTile(name, level, index, width)
    const root = size === head.size ? head.root : await rootAt(sha256, size, readTile)
    const proof = await consistencyProof(sha256, size, head.size, readTile)
    const claim = { first: size, second: head.size, firstRoot: root, secondRoot: head.root, proof }
    if (!verifyConsistency(sha256, claim))
      throw new TrailproofError(
        'DATA_DAMAGED',
        `ledger ${name}: its tiles do not lead from size ${size} to the signed root; run trailproof verify`,
      )
    return signCheckpoint({ origin, size, root }, [this.#signer])
  }

  /** Ends an export of the tree that `checkpoint` is of; it must be one of the ledger's own. */
  manifest(checkpoint: string, claims: ManifestClaims): string {
    const head = readOwnCheckpoint(checkpoint, this.#signer.key)
    if (!head) throw new TrailproofError('BAD_REQUEST', 'the checkpoint is not of this ledger')
    return signExportManifest({ ...head, ...claims }, [this.#signer])
  }
}
