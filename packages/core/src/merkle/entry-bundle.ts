/** Entry bundles (C2SP tlog-tiles): each entry as a big-endian uint16 length and its bytes. */

import { TILE_WIDTH } from './tile.ts'

export const BUNDLE_ENTRY_BYTES_MAX = 65_535

export type DecodedBundle =
  | { readonly kind: 'entries'; readonly entries: readonly Uint8Array[] }
  | { readonly kind: 'problem'; readonly problem: string }

/** Throws RangeError on more than 256 entries or one above 65,535 bytes: no leaf of ours can be either. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length > TILE_WIDTH) throw new RangeError(`a bundle cannot hold ${entries.length} entries`)
  const bundle = new Uint8Array(entries.reduce((bytes, entry) => bytes + 2 + entry.length, 0))
  let at = 0
  for (const entry of entries) {
    if (entry.length > BUNDLE_ENTRY_BYTES_MAX) throw new RangeError(`an entry of ${entry.length} bytes`)
    bundle[at] = entry.length >> 8
    bundle[at + 1] = entry.length & 255
    bundle.set(entry, at + 2)
    at += 2 + entry.length
  }
  return bundle
}

/** Exactly `width` entries and not a byte more. The entries are views into `bundle`. */
export function decodeEntryBundle(bundle: Uint8Array, width: number = TILE_WIDTH): DecodedBundle {
  const entries: Uint8Array[] = []
  let at = 0
  while (at < bundle.length) {
    if (entries.length === width) return problem(`goes on after ${width} entries`)
    if (at + 2 > bundle.length) return problem(`ends inside the length of entry ${entries.length}`)
    const end = at + 2 + ((bundle[at]! << 8) | bundle[at + 1]!)
    if (end > bundle.length) return problem(`ends inside entry ${entries.length}`)
    entries.push(bundle.subarray(at + 2, end))
    at = end
  }
  return entries.length === width
    ? { kind: 'entries', entries }
    : problem(`has ${entries.length} entries where ${width} are required`)
}

function problem(what: string): DecodedBundle {
  return { kind: 'problem', problem: `the bundle ${what}` }
}
