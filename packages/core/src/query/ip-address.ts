/** IPv4 and IPv6 addresses as bytes, so that they compare by what they mean and not by how they are written. */

import { compareBytes } from '../encoding/bytes.ts'

/** No text of an address is longer. */
const CHARS_MAX = 45
const V4_PART = /^(?:0|[1-9]\d{0,2})$/
const V6_PART = /^[0-9a-fA-F]{1,4}$/

export interface Network {
  /** The first address, written as `canonicalIp` does. */
  readonly network: string
  readonly prefixLength: number
}

/** 4 or 16 bytes, or undefined. An IPv4 address inside IPv6 (`::ffff:10.0.0.1`) is the IPv4 address. */
export function parseIp(text: string): Uint8Array | undefined {
  if (text.length > CHARS_MAX) return undefined
  if (!text.includes(':')) return parseV4(text)
  const bytes = parseV6(text)
  return bytes !== undefined && isMapped(bytes) ? bytes.slice(12) : bytes
}

/** The one way an address is written (RFC 5952), or undefined when `text` is none. */
export function canonicalIp(text: string): string | undefined {
  const bytes = parseIp(text)
  return bytes && writeIp(bytes)
}

/** `10.0.0.0/8`, with the bits beyond the prefix set to zero; undefined when it is none. */
export function parseCidr(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const length = text.slice(slash + 1)
  if (slash < 0 || !V4_PART.test(length)) return undefined
  const address = text.slice(0, slash)
  const bytes = parseIp(address)
  if (bytes === undefined) return undefined
  // The prefix of an IPv4 address inside IPv6 counts the 96 bits before it too.
  const prefixLength = Number(length) - (bytes.length === 4 && address.includes(':') ? 96 : 0)
  if (prefixLength < 0 || prefixLength > bytes.length * 8) return undefined
  return { network: writeIp(masked(bytes, prefixLength)), prefixLength }
}

/** A test whether a text is an address of the network; false for all when the network is none. */
export function cidrMatcher({ network, prefixLength }: Network): (text: string) => boolean {
  const wanted = parseIp(network)
  if (wanted === undefined) return () => false
  return (text) => {
    const bytes = parseIp(text)
    return bytes?.length === wanted.length && compareBytes(masked(bytes, prefixLength), wanted) === 0
  }
}

function parseV4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => V4_PART.test(part) && Number(part) <= 255))
    return undefined
  return Uint8Array.from(parts, Number)
}

function parseV6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groupsOf(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}

/** The 16-bit groups of one side of `::`; the last 32 bits of an address may be written as IPv4. */
function groupsOf(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [i, part] of parts.entries()) {
    if (V6_PART.test(part)) groups.push(Number.parseInt(part, 16))
    else {
      const v4 = isEnd && i === parts.length - 1 ? parseV4(part) : undefined
      if (v4 === undefined) return undefined
      groups.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!)
    }
  }
  return groups
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0)
}

function masked(bytes: Uint8Array, prefixLength: number): Uint8Array {
  return bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, prefixLength - i * 8))))
}

/** The longest run of two or more zero groups, the first of equals, becomes `::`. */
function writeIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!)
  let [start, length] = [0, 1]
  for (let from = 0; from < 8; from++) {
    let to = from
    while (to < 8 && groups[to] === 0) to++
    if (to - from > length) [start, length] = [from, to - from]
  }
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}
