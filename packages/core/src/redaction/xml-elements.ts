/** `<password>x</password>` in XML and HTML, whole or cut off. And attributes with secret names. */

import { type Edit, type Edits, NO_EDITS } from './edits.ts'
import type { CompiledRedaction } from './policy.ts'
import { replacedText } from './replacement.ts'

/** Searches for an end that is missing. After so many, elements end at the next tag, or the text would be gone over again and again. */
const MISSING_ENDS_MAX = 16
const TAG = /<([A-Za-z_][\w.:-]{0,127})(\s[^<>]*)?>/g

/**
 * The whole content of elements with a secret name, and of `<param name="token">` and its like. An element that
 * does not end is one only in a text that begins as XML; `<token>` in a sentence is a placeholder.
 */
export function findElements(text: string, policy: CompiledRedaction): Edits {
  let edits: Edit[] | undefined
  let missing = 0
  let isXml: boolean | undefined
  TAG.lastIndex = 0
  for (let tag = TAG.exec(text); tag !== null; tag = TAG.exec(text)) {
    const [all, name = '', attributes = ''] = tag
    const from = tag.index + all.length
    const ofElement = policy.modeOfName(name)
    const named = attributes === '' ? null : NAMED.exec(attributes)
    if (attributes !== '')
      for (const edit of findAttributes(attributes, from - 1 - attributes.length, named, policy))
        (edits ??= []).push(edit)
    const mode = (named && policy.modeOfName(named[1] ?? named[2]!)) ?? ofElement
    if (mode === undefined) continue
    if (attributes.endsWith('/')) continue
    let to = missing < MISSING_ENDS_MAX ? endOf(text, from, name) : -1
    if (to < 0) {
      missing++
      isXml ??= /^\s*</.test(text)
      if (!isXml) continue
      const next = text.indexOf('<', from)
      to = next < 0 ? text.length : next
    }
    const content = text.slice(from, to)
    TAG.lastIndex = to
    if (content.trim() === '' || (ofElement === undefined && content.includes('<'))) continue
    const by = content.includes('<') && mode === 'partial' ? policy.mask : replacedText(content, mode, policy)
    if (by !== content) (edits ??= []).push({ from, to, by })
  }
  return edits ?? NO_EDITS
}

const ATTRIBUTE = /(?<![\w.:-])([A-Za-z_][\w.:-]{0,127})\s*=\s*("[^"]*"|'[^']*')/g

/** The values stay in their quotes. `base`: where `attributes` begin. */
function* findAttributes(
  attributes: string,
  base: number,
  named: RegExpExecArray | null,
  policy: CompiledRedaction,
): Iterable<Edit> {
  const ofValue = named === null ? undefined : policy.modeOfName(named[1] ?? named[2]!)
  for (const { 0: all, 1: name = '', 2: quoted = '', index } of attributes.matchAll(ATTRIBUTE)) {
    const mode = policy.modeOfName(name) ?? (VALUE.test(name) ? ofValue : undefined)
    if (mode === undefined) continue
    const value = quoted.slice(1, -1)
    const by = replacedText(value, mode, policy)
    const from = base + index + all.length - quoted.length + 1
    if (by !== value) yield { from, to: from + value.length, by }
  }
}

/** What the element holds, in its `value` or as its text. */
const NAMED = /\s(?:name|key|id)\s*=\s*(?:"([^"]*)"|'([^']*)')/i
const VALUE = /^(?:value|content)$/i

/** Where `</name` stands, or -1. */
function endOf(text: string, from: number, name: string): number {
  const end = `</${name}`
  for (let at = text.indexOf(end, from); at >= 0; at = text.indexOf(end, at + end.length)) {
    const next = text[at + end.length]
    if (next === undefined || next === '>' || next <= ' ') return at
  }
  return -1
}
