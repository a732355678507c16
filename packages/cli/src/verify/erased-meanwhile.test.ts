import type { EvidenceEntry, EvidenceSource } from '@trailproof/verify'
import { expect, test } from 'vitest'
import { notingErased, SeenErased, withholdingNewlyErased } from './erased-meanwhile.ts'

const leaf = new Uint8Array(89)
const present = { kind: 'present', bytes: leaf, salt: leaf } as const

/** Six entries of which the given ones have lost their personal group. */
function sourceWith(erased: readonly number[]): EvidenceSource {
  const entries = Array.from(
    { length: 6 },
    (_, at): EvidenceEntry => ({
      leaf,
      core: present,
      personal: erased.includes(at) ? { kind: 'erased' } : present,
    }),
  )
  return {
    checkpoint: async () => '',
    readTile: async () => leaf,
    readEntries: async (from, count) => entries.slice(from, from + count),
  }
}

test('withholds what was erased since the first reading, and nothing else', async () => {
  const seen = new SeenErased()
  const first = notingErased(sourceWith([1, 2, 5]), seen)
  await first.readEntries(0, 3)
  await first.readEntries(3, 3)
  await first.readEntries(0, 6) // read again for repeated ids
  expect([0, 1, 2, 3, 4, 5, 6].map((index) => seen.personal.has(index))).toEqual([
    false,
    true,
    true,
    false,
    false,
    true,
    false,
  ])
  const second = withholdingNewlyErased(sourceWith([0, 1, 2, 4, 5]), seen)
  const kinds = (await second.readEntries(0, 6)).map(({ personal }) => personal.kind)
  expect(kinds).toEqual(['withheld', 'erased', 'erased', 'present', 'withheld', 'erased'])
})

test('withholds the core group, too, where it was destroyed since', async () => {
  const gone = { kind: 'erased' } as const
  const entryOf = (core: EvidenceEntry['core']): EvidenceSource => ({
    ...sourceWith([]),
    readEntries: async () => [{ leaf, core, personal: gone }],
  })
  const seen = new SeenErased()
  await notingErased(entryOf(present), seen).readEntries(0, 1)
  const [entry] = await withholdingNewlyErased(entryOf(gone), seen).readEntries(0, 1)
  expect([entry!.core.kind, entry!.personal.kind]).toEqual(['withheld', 'erased'])
})
