/**
 * The 89 bytes that are hashed into the tree (spec/ledger.md, "Leaf"):
 *
 *     0x01 | id 16 | recorded_at µs, uint64 big-endian 8 | core commitment 32 | personal commitment 32
 */

import { concatBytes } from './encoding/bytes.ts'
import { encodeUtf8 } from './encoding/utf8.ts'
import type { LeafHash, Sha256 } from './merkle/hash.ts'

export const LEAF_BYTES = 89
export const LEAF_VERSION = 0x01
export const SALT_BYTES = 16
const ID_BYTES = 16
const COMMITMENT_BYTES = 32
const ID_AT = 1
const RECORDED_AT = 17
const CORE_AT = 25
const PERSONAL_AT = 57

export interface Leaf {
  /** The record's UUID, 16 bytes. */
  readonly id: Uint8Array
  /** Microseconds since 1970-01-01T00:00:00Z, an integer up to 2^53 - 1 (the year 2255). */
  readonly recordedAtUs: number
  /** 32 bytes, see `commitment`. */
  readonly core: Uint8Array
  readonly personal: Uint8Array
}

export type DecodedLeaf =
  | ({ readonly kind: 'leaf' } & Leaf)
  | { readonly kind: 'problem'; readonly problem: string }

/** Throws RangeError on a part of the wrong length or a time that is not a safe integer. */
export function encodeLeaf(leaf: Leaf): Uint8Array {
  const { id, recordedAtUs, core, personal } = leaf
  if (id.length !== ID_BYTES || core.length !== COMMITMENT_BYTES || personal.length !== COMMITMENT_BYTES)
    throw new RangeError('a part of the leaf has the wrong length')
  if (!Number.isSafeInteger(recordedAtUs) || recordedAtUs < 0)
    throw new RangeError(`recorded_at ${recordedAtUs} is not a count of microseconds`)
  const bytes = new Uint8Array(LEAF_BYTES)
  bytes[0] = LEAF_VERSION
  bytes.set(id, ID_AT)
  writeUint32(bytes, RECORDED_AT, Math.floor(recordedAtUs / 2 ** 32))
  writeUint32(bytes, RECORDED_AT + 4, recordedAtUs % 2 ** 32)
  bytes.set(core, CORE_AT)
  bytes.set(personal, PERSONAL_AT)
  return bytes
}

/** The parts are views into `bytes`. */
export function decodeLeaf(bytes: Uint8Array): DecodedLeaf {
  if (bytes.length !== LEAF_BYTES)
    return { kind: 'problem', problem: `a leaf has ${LEAF_BYTES} bytes, not ${bytes.length}` }
  if (bytes[0] !== LEAF_VERSION)
    return { kind: 'problem', problem: `the leaf's version is ${bytes[0]}, not ${LEAF_VERSION}` }
  const recordedAtUs = readUint32(bytes, RECORDED_AT) * 2 ** 32 + readUint32(bytes, RECORDED_AT + 4)
  if (!Number.isSafeInteger(recordedAtUs))
    return { kind: 'problem', problem: "the leaf's recorded_at is above 2^53 - 1 µs" }
  return {
    kind: 'leaf',
    id: bytes.subarray(ID_AT, RECORDED_AT),
    recordedAtUs,
    core: bytes.subarray(CORE_AT, PERSONAL_AT),
    personal: bytes.subarray(PERSONAL_AT),
  }
}

/** `leafHash` for leaves of 89 bytes, reusing its input buffer; for hot paths. */
export function leafHasher(sha256: Sha256): (leaf: Uint8Array) => LeafHash {
  const input = new Uint8Array(1 + LEAF_BYTES)
  return (leaf) => {
    if (leaf.length !== LEAF_BYTES) throw new RangeError(`a leaf has ${LEAF_BYTES} bytes, not ${leaf.length}`)
    input.set(leaf, 1)
    return sha256(input)
  }
}

export type GroupName = 'core' | 'personal'

/** What a commitment's input begins with, so that one group's bytes can never pass for the other's. */
export const CORE_DOMAIN: Uint8Array = encodeUtf8('trailproof/v1/core\n')
export const PERSONAL_DOMAIN: Uint8Array = encodeUtf8('trailproof/v1/personal\n')

/**
 * SHA-256(domain | salt | bytes). The salt is 16 random bytes, new for each group: without it, guessing the
 * content would tell whether a commitment is to it. Throws RangeError on a salt of another length.
 */
export function commitment(
  sha256: Sha256,
  group: GroupName,
  salt: Uint8Array,
  bytes: Uint8Array,
): Uint8Array {
  if (salt.length !== SALT_BYTES) throw new RangeError(`a salt has ${SALT_BYTES} bytes, not ${salt.length}`)
  return sha256(concatBytes(group === 'core' ? CORE_DOMAIN : PERSONAL_DOMAIN, salt, bytes))
}

/** Inputs up to this many bytes share one buffer. */
const SHARED_INPUT_BYTES = 16_384

/** `commitment` for hot paths: hashes from a buffer that is reused, except for unusually large groups. */
export function commitmentHasher(
  sha256: Sha256,
): (group: GroupName, salt: Uint8Array, bytes: Uint8Array) => Uint8Array {
  const input = new Uint8Array(SHARED_INPUT_BYTES)
  return (group, salt, bytes) => {
    const domain = group === 'core' ? CORE_DOMAIN : PERSONAL_DOMAIN
    const length = domain.length + SALT_BYTES + bytes.length
    if (length > SHARED_INPUT_BYTES || salt.length !== SALT_BYTES)
      return commitment(sha256, group, salt, bytes)
    input.set(domain)
    input.set(salt, domain.length)
    input.set(bytes, domain.length + SALT_BYTES)
    return sha256(input.subarray(0, length))
  }
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
