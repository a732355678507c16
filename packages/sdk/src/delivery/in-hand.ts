/** Records that are in nobody's queue for the moment: their receipt is waited for, or their way to the disk. */
import type { SealedRecord } from './sealed-record.ts'

/** One record in hand. */
export interface Held {
  readonly record: SealedRecord
}

export class InHand {
  readonly #held = new Set<Held>()
  #barriers: { readonly open: Set<Held>; readonly resolve: () => void }[] = []

  get records(): number {
    return this.#held.size
  }

  hold(record: SealedRecord): Held {
    const held = { record }
    this.#held.add(held)
    return held
  }

  /** False: somebody else has decided about it meanwhile. */
  release(held: Held): boolean {
    if (!this.#held.delete(held)) return false
    if (this.#barriers.length > 0) {
      for (const { open } of this.#barriers) open.delete(held)
      for (const { resolve } of this.#barriers.filter(({ open }) => open.size === 0)) resolve()
      this.#barriers = this.#barriers.filter(({ open }) => open.size > 0)
    }
    return true
  }

  /** All of them; whoever held them is told so by `release`. */
  takeAll(): SealedRecord[] {
    const held = [...this.#held]
    for (const one of held) this.release(one)
    return held.map(({ record }) => record)
  }

  /** Resolves when none is held. */
  async emptied(): Promise<void> {
    while (this.#held.size > 0) await this.releasedAll()
  }

  /** Resolves when those of now are released. */
  releasedAll(): Promise<void> {
    if (this.#held.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#barriers.push({ open: new Set(this.#held), resolve }))
  }
}
