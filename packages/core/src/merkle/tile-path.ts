/** The names of tiles and entry bundles below a ledger's prefix (C2SP tlog-tiles). */

import { TILE_WIDTH } from './tile.ts'

export type ParsedTilePath =
  | { readonly kind: 'tile'; readonly level: number; readonly index: number; readonly width: number }
  | { readonly kind: 'entries'; readonly index: number; readonly width: number }
  | { readonly kind: 'problem'; readonly problem: string }

/** `tile/<level>/<index>`, with `.p/<width>` when the width is below 256. */
export function tilePath(level: number, index: number, width: number = TILE_WIDTH): string {
  return `tile/${level}/${indexPath(index)}${partialSuffix(width)}`
}

export function entriesPath(index: number, width: number = TILE_WIDTH): string {
  return `tile/entries/${indexPath(index)}${partialSuffix(width)}`
}

const PATH =
  /^tile\/(entries|[0-9]|[1-5][0-9]|6[0-3])\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/

/**
 * Accepts what `tilePath` and `entriesPath` write and nothing else, so that one tile has one name:
 * levels 0 to 63, indexes up to 2^53 - 1 without superfluous groups, partial widths 1 to 255.
 */
export function parseTilePath(path: string): ParsedTilePath {
  const match = PATH.exec(path)
  if (match === null) return { kind: 'problem', problem: 'not the path of a tile or an entry bundle' }
  const [, level = '', groups = '', partial] = match
  if (groups.startsWith('x000/')) return { kind: 'problem', problem: 'the index has a superfluous group' }
  const index = Number(groups.replaceAll(/[x/]/g, ''))
  if (!Number.isSafeInteger(index)) return { kind: 'problem', problem: 'the index is above 2^53 - 1' }
  const width = partial === undefined ? TILE_WIDTH : Number(partial)
  if (partial !== undefined && width >= TILE_WIDTH)
    return { kind: 'problem', problem: 'a partial width is at most 255' }
  return level === 'entries'
    ? { kind: 'entries', index, width }
    : { kind: 'tile', level: Number(level), index, width }
}

/** Groups of three digits, all but the last marked with `x`: 1234067 is `x001/x234/067`. */
function indexPath(index: number): string {
  const digits = String(index)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const groups = padded.match(/.{3}/g) ?? []
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
}

function partialSuffix(width: number): string {
  return width === TILE_WIDTH ? '' : `.p/${width}`
}
