/** Cuts texts and bodies that are over their limit, and says what was cut. */

import { canonicalJson } from '../canonical/canonical-json.ts'
import { encodeHex } from '../encoding/hex.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'
import type { Sha256 } from '../merkle/hash.ts'
import { TEXT_BYTES_MAX } from './field.ts'
import { isLonger } from './limits.ts'
import type { PersonalGroup } from './personal-group.ts'
import { pointer } from './problem.ts'

interface Truncated {
  readonly path: string
  readonly size: number
  readonly sha256: string
}

/** The fields whose texts are cut; all others are identifiers, or have limits of their own. */
const CUT_FIELDS = [
  'changes',
  'errors',
  'integrations',
  'internal_steps',
  'message',
  'metadata',
  'reason',
  'request',
  'response',
  'source',
] as const

/**
 * The same object when nothing is over its limit, otherwise a copy whose `truncated` names path, original
 * size and SHA-256 of what was cut. Every text is cut at 65,536 bytes, at the last whole character; a body
 * that is not a text is cut as its canonical JSON. Runs after redaction, so the digest is of masked text.
 */
export function cutPersonal(personal: PersonalGroup, sha256: Sha256): PersonalGroup {
  const cutter = new Cutter(sha256)
  let copy: Record<string, unknown> | undefined
  for (const field of CUT_FIELDS) {
    const value: unknown = personal[field]
    if (value === undefined) continue
    const cut = cutter.value(value, `/${field}`, field === 'request' || field === 'response')
    if (cut === value) continue
    copy ??= { ...personal }
    copy[field] = cut
  }
  if (copy === undefined) return personal
  copy['truncated'] = [...(personal.truncated ?? []), ...cutter.truncated]
  return copy
}

class Cutter {
  readonly truncated: Truncated[] = []
  private readonly sha256: Sha256

  constructor(sha256: Sha256) {
    this.sha256 = sha256
  }

  value(value: unknown, path: string, hasBody = false): unknown {
    if (typeof value === 'string') return isLonger(value, TEXT_BYTES_MAX) ? this.cut(value, path) : value
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return this.array(value, path)
    let copy: Record<string, unknown> | undefined
    for (const [key, member] of Object.entries(value)) {
      const at = pointer(path, key)
      const cut = hasBody && key === 'body' ? this.body(member, at) : this.value(member, at)
      if (cut === member) continue
      copy ??= { ...value }
      copy[key] = cut
    }
    return copy ?? value
  }

  private array(array: readonly unknown[], path: string): readonly unknown[] {
    let copy: unknown[] | undefined
    for (const [i, item] of array.entries()) {
      const cut = this.value(item, `${path}/${i}`)
      if (cut === item) continue
      copy ??= array.slice()
      copy[i] = cut
    }
    return copy ?? array
  }

  private body(body: unknown, path: string): unknown {
    if (typeof body !== 'object' || body === null) return this.value(body, path)
    const text = canonicalJson(body)
    return isLonger(text, TEXT_BYTES_MAX) ? this.cut(text, path) : body
  }

  private cut(text: string, path: string): string {
    const bytes = encodeUtf8(text)
    this.truncated.push({ path, sha256: encodeHex(this.sha256(bytes)), size: bytes.length })
    return firstBytes(text, TEXT_BYTES_MAX)
  }
}

/** As much of `text` as fits into `bytesMax` bytes of UTF-8 without breaking a character. */
function firstBytes(text: string, bytesMax: number): string {
  let bytes = 0
  let at = 0
  for (;;) {
    const code = text.codePointAt(at)!
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    if (bytes > bytesMax) return text.slice(0, at)
    at += code < 0x10000 ? 1 : 2
  }
}
