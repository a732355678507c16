/** Which keys may sign a ledger's checkpoints at which size, as its key changes say. */

import type { OpenedCheckpoint, VerifierKey } from '@trailproof/core'
import { formatVerifierKey, openCheckpoint, openKeyChange } from '@trailproof/core'
import type { Primitives } from './evidence.ts'

export const KEY_CHANGE_ACTION = 'trailproof.key_change'
/** A ledger with more key changes than this is not followed beyond them. */
export const KEY_CHANGES_MAX = 1000

interface KeyChange {
  /** The size of the smallest tree that includes the entry: the last size at which the old key counts. */
  readonly size: number
  readonly oldKey: VerifierKey
  readonly newKey: VerifierKey
}

/** Begins with the keys the caller trusts; a change signed by both keys extends that trust to the other one. */
export class LedgerKeys {
  readonly #trusted: readonly VerifierKey[]
  readonly #primitives: Primitives
  readonly #changes: KeyChange[] = []

  constructor(trusted: readonly VerifierKey[], primitives: Primitives) {
    this.#trusted = trusted
    this.#primitives = primitives
  }

  /** Whether any key is trusted at all. */
  get isTrusting(): boolean {
    return this.#trusted.length > 0
  }

  /** Takes a key change entry's `metadata` into account; one that is not signed by both keys changes nothing. */
  note(index: number, origin: string, metadata: unknown): void {
    if (typeof metadata !== 'object' || metadata === null || this.#changes.length >= KEY_CHANGES_MAX) return
    const { old_key: oldText, new_key: newText, statement } = metadata as Record<string, unknown>
    if (typeof statement !== 'string') return
    const opened = openKeyChange(statement, this.#primitives.sha256, this.#primitives.verifyEd25519)
    if (opened.kind === 'problem' || opened.origin !== origin) return
    const { oldKey, newKey } = opened
    if (oldText === formatVerifierKey(oldKey) && newText === formatVerifierKey(newKey))
      this.#changes.push({ size: index + 1, oldKey, newKey })
  }

  /** Opens with every key in force at the checkpoint's size; keys retired before it count as unknown. */
  open(note: string, size: number): OpenedCheckpoint {
    return openCheckpoint(note, this.inForce(size), this.#primitives.verifyEd25519)
  }

  /** The keys that count for what is said of the tree of `size` leaves. */
  inForce(size: number): VerifierKey[] {
    return this.#followed().filter((key) => size <= this.#lastSizeOf(key))
  }

  #followed(): VerifierKey[] {
    const followed = new Map(this.#trusted.map((key) => [formatVerifierKey(key), key]))
    for (let known = 0; known < followed.size; ) {
      known = followed.size
      for (const { oldKey, newKey } of this.#changes)
        if (followed.has(formatVerifierKey(oldKey)) || followed.has(formatVerifierKey(newKey)))
          followed.set(formatVerifierKey(oldKey), oldKey).set(formatVerifierKey(newKey), newKey)
    }
    return [...followed.values()]
  }

  #lastSizeOf(key: VerifierKey): number {
    const text = formatVerifierKey(key)
    const change = this.#changes.find(({ oldKey }) => formatVerifierKey(oldKey) === text)
    return change?.size ?? Number.POSITIVE_INFINITY
  }
}
