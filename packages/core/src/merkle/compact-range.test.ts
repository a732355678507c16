import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { naiveLeafHash, naiveRoot } from '../../../../test/ledger-vectors/naive-tree.ts'
import { encodeHex } from '../encoding/hex.ts'
import { CompactRange, subtreesBetween } from './compact-range.ts'
import { TiledTree } from './tiled-tree.ts'
import { TreeReader } from './tree-reader.ts'

const sha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer')
const leaves = Array.from({ length: 600 }, (_, i) => naiveLeafHash(Uint8Array.of(i >> 8, i)))

function reader(size: number): TreeReader {
  const tree = TiledTree.empty(sha256)
  for (const leaf of leaves.slice(0, size)) tree.append(leaf)
  const tiles = new Map(tree.takeChangedTiles().map((tile) => [`${tile.level}/${tile.index}`, tile.hashes]))
  return new TreeReader(sha256, size, (level, index) => tiles.get(`${level}/${index}`)!)
}

test('names whole subtrees from left to right, in numbers above 32 bits too', () => {
  expect(subtreesBetween(3, 3)).toEqual([])
  expect(subtreesBetween(3, 9).map(({ start, height }) => [start, height])).toEqual([
    [3, 0],
    [4, 2],
    [8, 0],
  ])
  expect(subtreesBetween(2 ** 40, 2 ** 41).map(({ height }) => height)).toEqual([40])
  expect(subtreesBetween(1, Number.MAX_SAFE_INTEGER).length).toBeLessThanOrEqual(2 * 53)
})

test.each([1, 2, 7, 255, 256, 257, 300, 511, 600])(
  'any range of a tree of %d leaves gives its root with what is beside it',
  async (size) => {
    const tree = reader(size)
    const root = naiveRoot(leaves.slice(0, size))
    for (const [from, to] of [
      [0, size],
      [0, 0],
      [size, size],
      [size >> 1, size],
      [size >> 2, (size >> 1) + 1],
    ] as const) {
      const shown = new CompactRange(sha256, from)
      for (const leaf of leaves.slice(from, to)) shown.appendLeaf(leaf)
      expect(shown.hashes.map(encodeHex)).toEqual((await tree.subtreeHashes(from, to)).map(encodeHex))
      const whole = new CompactRange(sha256, 0)
      expect(whole.appendSubtrees(from, await tree.subtreeHashes(0, from))).toBe(true)
      expect(whole.appendSubtrees(to, shown.hashes)).toBe(true)
      expect(whole.appendSubtrees(size, await tree.subtreeHashes(to, size))).toBe(true)
      expect(whole.end).toBe(size)
      expect(encodeHex(whole.root())).toBe(encodeHex(root))
    }
  },
)

test('takes neither a hash too many or too few nor one of another length, and gives no root of a part', () => {
  const range = new CompactRange(sha256, 0)
  expect(range.appendSubtrees(3, [leaves[0]!])).toBe(false)
  expect(range.appendSubtrees(1, [leaves[0]!, leaves[1]!])).toBe(false)
  expect(range.appendSubtrees(1, [leaves[0]!.subarray(1)])).toBe(false)
  expect(range.end).toBe(0)
  expect(() => new CompactRange(sha256, 1).root()).toThrow(RangeError)
})
