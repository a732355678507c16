import { hash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  naiveConsistency,
  naiveLeafHash,
  naivePath,
  naiveRoot,
  naiveTile,
} from '../../../../test/ledger-vectors/naive-tree.ts'
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  rootAt,
  TiledTree,
  TileError,
  TreeReader,
  tilePath,
  tilesForSize,
  verifyConsistency,
  verifyInclusion,
} from './index.ts'

const sha256 = (data: Uint8Array) => new Uint8Array(hash('sha256', data, 'buffer'))
const leafHashes = Array.from({ length: 70_000 }, (_, i) =>
  leafHash(sha256, Uint8Array.from([i, i >> 8, i >> 16])),
)

/** Tiles of a tree of `size` leaves as a store would keep them: every width that was ever taken. */
function grow(size: number, takeEvery = size) {
  const tree = TiledTree.empty(sha256)
  const tiles = new Map<string, Uint8Array>()
  const reads: string[] = []
  const take = () => {
    for (const tile of tree.takeChangedTiles()) tiles.set(`${tile.level}/${tile.index}`, tile.hashes)
  }
  for (let i = 0; i < size; i++) {
    tree.append(leafHashes[i]!)
    if ((i + 1) % takeEvery === 0) take()
  }
  take()
  const readTile = (level: number, index: number, width: number) => {
    reads.push(tilePath(level, index, width))
    return tiles.get(`${level}/${index}`) ?? new Uint8Array(0)
  }
  return { tree, tiles, reads, readTile }
}

test('hashes leaves as RFC 6962 does', () => {
  expect(leafHashes[300]).toEqual(naiveLeafHash(Uint8Array.from([44, 1, 0])))
})

test('roots, tiles and restored trees agree with the definition at every size to 600', async () => {
  const tree = TiledTree.empty(sha256)
  const tiles = new Map<string, Uint8Array>()
  const readTile = (level: number, index: number) => tiles.get(`${level}/${index}`)!
  for (let size = 0; size <= 600; size++) {
    const hashes = leafHashes.slice(0, size)
    expect(tree.size).toBe(size)
    expect(tree.root()).toEqual(naiveRoot(hashes))
    for (const { level, index, width, hashes: tile } of tree.takeChangedTiles()) {
      expect(tile.length).toBe(width * 32)
      tiles.set(`${level}/${index}`, tile)
    }
    for (const { level, index, width } of tilesForSize(size)) {
      expect(tiles.get(`${level}/${index}`)).toEqual(new Uint8Array(naiveTile(level, index, hashes)))
      expect(tiles.get(`${level}/${index}`)!.length).toBe(width * 32)
    }
    const restored = await TiledTree.restore(sha256, size, readTile)
    expect(restored.root()).toEqual(tree.root())
    restored.append(leafHashes[size]!)
    tree.append(leafHashes[size]!)
    expect(restored.root()).toEqual(tree.root())
  }
})

test('has the tiles of the specification at 256 and 70,000 leaves', () => {
  expect([...tilesForSize(256)].map((t) => tilePath(t.level, t.index, t.width))).toEqual([
    'tile/0/000',
    'tile/1/000.p/1',
  ])
  const paths = [...tilesForSize(70_000)].map((t) => tilePath(t.level, t.index, t.width))
  expect(paths.length).toBe(274 + 2 + 1)
  expect(paths.slice(-4)).toEqual(['tile/0/273.p/112', 'tile/1/000', 'tile/1/001.p/17', 'tile/2/000.p/1'])
  const { tiles, tree } = grow(70_000, 997)
  expect([...tiles.keys()].toSorted()).toEqual(
    [...tilesForSize(70_000)].map((t) => `${t.level}/${t.index}`).toSorted(),
  )
  expect(tree.root()).toEqual(naiveRoot(leafHashes))
})

test('changed tiles of a range are those tilesForSize names', () => {
  fc.assert(
    fc.property(fc.nat(1500), fc.nat(1500), (before, more) => {
      const { tree } = grow(before)
      for (let i = before; i < before + more; i++) tree.append(leafHashes[i]!)
      const named = tree.takeChangedTiles().map((t) => tilePath(t.level, t.index, t.width))
      const expected = [...tilesForSize(before + more, before)].map((t) =>
        tilePath(t.level, t.index, t.width),
      )
      expect(named.toSorted()).toEqual(expected.toSorted())
      expect(tree.takeChangedTiles()).toEqual([])
    }),
    { numRuns: 50 },
  )
})

test('a clone that fails leaves no mark on the tree it came from', () => {
  const { tree } = grow(250)
  tree.append(leafHashes[250]!)
  const attempt = tree.clone()
  for (let i = 0; i < 600; i++) attempt.append(leafHashes[9000 + i]!)
  attempt.takeChangedTiles()
  expect(tree.size).toBe(251)
  expect(tree.takeChangedTiles().map((t) => t.width)).toEqual([251])
  for (let i = 251; i < 700; i++) tree.append(leafHashes[i]!)
  expect(tree.root()).toEqual(naiveRoot(leafHashes.slice(0, 700)))
  expect(tree.takeFullTiles()[0]!.hashes).toEqual(new Uint8Array(naiveTile(0, 0, leafHashes.slice(0, 700))))
})

test('refuses to append anything but a hash', () => {
  expect(() => TiledTree.empty(sha256).append(new Uint8Array(89))).toThrow(RangeError)
})

test('every proof of every tree up to 70 leaves is the definition’s and verifies', async () => {
  for (let size = 1; size <= 70; size++) {
    const { readTile } = grow(size)
    const hashes = leafHashes.slice(0, size)
    const root = await rootAt(sha256, size, readTile)
    expect(root).toEqual(naiveRoot(hashes))
    const reader = new TreeReader(sha256, size, readTile)
    for (let index = 0; index < size; index++) {
      const proof = await reader.inclusionProof(index)
      expect(proof).toEqual(naivePath(index, hashes))
      const claim = { index, size, leafHash: hashes[index]!, proof, root }
      expect(verifyInclusion(sha256, claim)).toBe(true)
      expect(verifyInclusion(sha256, { ...claim, proof: [...proof, root] })).toBe(false)
      expect(verifyInclusion(sha256, { ...claim, proof: proof.slice(0, -1) })).toBe(size === 1)
      for (let other = 0; other < size; other++)
        expect(verifyInclusion(sha256, { ...claim, index: other })).toBe(other === index)
    }
    for (let first = 0; first <= size; first++) {
      const proof = await reader.consistencyProof(first)
      expect(proof).toEqual(naiveConsistency(first, hashes))
      const firstRoot = await reader.rootAt(first)
      expect(firstRoot).toEqual(naiveRoot(hashes.slice(0, first)))
      const claim = { first, second: size, firstRoot, secondRoot: root, proof }
      expect(verifyConsistency(sha256, claim)).toBe(true)
      expect(verifyConsistency(sha256, { ...claim, proof: [...proof, root] })).toBe(false)
      expect(verifyConsistency(sha256, { ...claim, proof: proof.slice(0, -1) })).toBe(proof.length === 0)
      expect(verifyConsistency(sha256, { ...claim, firstRoot: new Uint8Array(32) })).toBe(false)
      expect(verifyConsistency(sha256, { ...claim, secondRoot: new Uint8Array(32) })).toBe(first === 0)
    }
  }
})

test('proofs of large trees verify and need few tiles', async () => {
  const { readTile, reads, tree } = grow(70_000)
  const root = tree.root()
  const smaller = new Map(
    [1, 255, 256, 257, 65_535, 65_536, 65_537].map((n) => [n, naiveRoot(leafHashes.slice(0, n))]),
  )
  await fc.assert(
    fc.asyncProperty(fc.nat(69_999), fc.constantFrom(...smaller.keys()), async (index, first) => {
      reads.length = 0
      const proof = await inclusionProof(sha256, index, 70_000, readTile)
      expect(reads.length).toBeLessThanOrEqual(5) // 3 levels, and the partial tiles of the right edge
      expect(new Set(reads).size).toBe(reads.length)
      expect(
        verifyInclusion(sha256, { index, size: 70_000, leafHash: leafHashes[index]!, proof, root }),
      ).toBe(true)
      const second = await consistencyProof(sha256, first, 70_000, readTile)
      const claim = { first, second: 70_000, firstRoot: smaller.get(first)!, secondRoot: root, proof: second }
      expect(verifyConsistency(sha256, claim)).toBe(true)
      expect(await rootAt(sha256, first, readTile)).toEqual(smaller.get(first))
    }),
    { numRuns: 60 },
  )
})

test('the verifiers answer any input, sizes above 2^32 and nonsense too', () => {
  const anyHash = fc.uint8Array({ minLength: 30, maxLength: 33 })
  const anySize = fc.oneof(fc.maxSafeNat(), fc.double(), fc.integer())
  fc.assert(
    fc.property(
      anySize,
      anySize,
      anyHash,
      anyHash,
      fc.array(anyHash, { maxLength: 70 }),
      (a, b, one, two, proof) => {
        expect(verifyInclusion(sha256, { index: a, size: b, leafHash: one, root: two, proof })).toBe(false)
        const claim = { first: a, second: b, firstRoot: one, secondRoot: two, proof }
        expect(typeof verifyConsistency(sha256, claim)).toBe('boolean')
      },
    ),
  )
  // The last leaf of a tree of 2^40 + 1 leaves has one sibling, the root of the 2^40 before it.
  const [left, leaf] = [leafHashes[1]!, leafHashes[2]!]
  const root = naiveRoot([left, leaf])
  expect(
    verifyInclusion(sha256, { index: 2 ** 40, size: 2 ** 40 + 1, leafHash: leaf, root, proof: [left] }),
  ).toBe(true)
})

test('a missing or short tile is named', async () => {
  const { readTile } = grow(300)
  const short = (level: number, index: number, width: number) =>
    index === 1 ? readTile(level, index, width).subarray(0, 100) : readTile(level, index, width)
  await expect(inclusionProof(sha256, 299, 300, short)).rejects.toThrow(TileError)
  await expect(TiledTree.restore(sha256, 300, short)).rejects.toThrow('tile/0/001: has 100 bytes where 1408')
  await expect(inclusionProof(sha256, 300, 300, readTile)).rejects.toThrow(RangeError)
})
