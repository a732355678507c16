/** Compares the tiles a source serves with the tiles its leaves give. */

import type { ChangedTile } from '@trailproof/core'
import { firstLeafOf, HASH_BYTES, TILE_WIDTH, tilePath, tileWidth } from '@trailproof/core'
import type { EvidenceSource } from './evidence.ts'
import type { IndexRange, Unproven } from './report.ts'

export interface TileDifference {
  readonly level: number
  /** Whether the tile ends too early, which no leaf is to blame for. */
  readonly isShort: boolean
  /** The leaves that the first differing hash covers. */
  readonly leaves: IndexRange
  readonly detail: string
}

export class TileCheck {
  readonly #source: EvidenceSource
  readonly #size: number
  readonly #first = new Map<number, TileDifference>()
  readonly unproven: Unproven[] = []

  constructor(source: EvidenceSource, size: number) {
    this.#source = source
    this.#size = size
  }

  /** The first difference of each level, from the leaves upward: the higher, the less it says where to look. */
  get differences(): readonly TileDifference[] {
    return [...this.#first.values()].toSorted((a, b) => a.level - b.level)
  }

  async check(tiles: readonly ChangedTile[]): Promise<void> {
    const served = await Promise.all(tiles.map((tile) => this.#read(tile)))
    for (const [i, tile] of tiles.entries()) {
      const hashes = served[i]
      if (hashes !== undefined) this.#compare(tile, hashes)
    }
  }

  async #read({ level, index }: ChangedTile): Promise<Uint8Array | undefined> {
    try {
      return await this.#source.readTile(level, index, tileWidth(level, index, this.#size))
    } catch (error) {
      // One unreadable tile is reported for all: the verdict is the same and the list stays bounded.
      if (this.unproven.length === 0)
        this.unproven.push({
          what: 'tiles',
          detail: `${tilePath(level, index)} could not be read: ${String(error)}`,
        })
      return undefined
    }
  }

  #compare({ level, index, hashes }: ChangedTile, served: Uint8Array): void {
    let at = 0
    while (at < hashes.length && hashes[at] === served[at]) at++
    if (at === hashes.length) return
    const from = firstLeafOf(level, index, Math.floor(at / HASH_BYTES))
    const known = this.#first.get(level)
    if (known !== undefined && known.leaves.from <= from) return
    const path = tilePath(level, index)
    const isShort = at >= served.length
    const ending = served.length === 0 ? 'is missing' : `ends after ${served.length} bytes`
    this.#first.set(level, {
      level,
      isShort,
      leaves: { from, to: from + TILE_WIDTH ** level },
      detail: `${path} ${isShort ? ending : `differs from the leaves at byte ${at}`}`,
    })
  }
}
