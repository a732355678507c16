/** Rules of a redaction policy: which values, and what stands in their place. */

import { DETECTORS, type Detector } from './detect/detectors.ts'
import { type PathStep, parsePath } from './path-pattern.ts'
import { REDACTION_MODES, type RedactionMode } from './replacement.ts'
import { normalisedName } from './secret-name.ts'

/**
 * Covers a value when any of `names`, `paths` or `detect` does; at least one must be given. Where several
 * rules cover a value, paths decide before names, names before the built-in names, and detectors come last;
 * among rules the earlier one decides.
 */
export interface RedactionRule {
  /**
   * Names whose values are covered, in any style: `customerNumber` covers `customer_number`. They apply to
   * members of objects, headers, forms, queries, cookies and JSON inside texts, and win over the built-in
   * names and over `except`.
   */
  readonly names?: readonly string[] | undefined
  /**
   * Places in the personal group: `request.body.customer.iban`, `integrations[*].request.args[0]`,
   * `metadata.*.pin`, `**.pin`, `metadata["a.b"]`. `*` stands for one step of any name or index, `**` for any
   * number of steps, none included. The first step is a field of the group, such as `request` or `actor`, or
   * `*` or `**`; steps are compared exactly, and a name with other characters than letters, digits, `_`, `-`
   * and `$` stands in brackets as a JSON string. Paths lead through parsed values only, not into JSON that is
   * a text. What the record's schema wants to be an object (a field such as `request`, an item of
   * `integrations`) keeps its shape: each of its members is replaced instead.
   */
  readonly paths?: readonly string[] | undefined
  /** Values told by their form, inside texts. Not in `actor`, `source` and `targets`, whose texts are identifiers, nor in names of members. */
  readonly detect?: readonly Detector[] | undefined
  /** What stands in place of the values. Default `mask`. */
  readonly as?: RedactionMode | undefined
}

/** A policy that cannot be compiled. The message names the rule and the field. */
export class RedactionPolicyError extends Error {
  override readonly name = 'RedactionPolicyError'
}

export interface CompiledRules {
  /** By normalised name. */
  readonly names: ReadonlyMap<string, RedactionMode>
  readonly paths: readonly { readonly steps: readonly PathStep[]; readonly mode: RedactionMode }[]
  readonly detect: ReadonlyMap<Detector, RedactionMode>
}

const FIELDS: ReadonlySet<string> = new Set(['names', 'paths', 'detect', 'as'])

export function compileRules(rules: readonly RedactionRule[]): CompiledRules {
  const names = new Map<string, RedactionMode>()
  const paths: { steps: readonly PathStep[]; mode: RedactionMode }[] = []
  const detect = new Map<Detector, RedactionMode>()
  for (const [i, rule] of rules.entries()) {
    const at = `redaction rule ${i + 1}`
    for (const field of Object.keys(rule))
      if (!FIELDS.has(field)) throw new RedactionPolicyError(`${at}: there is no field ${quoted(field)}`)
    const mode = oneOf(rule.as ?? 'mask', REDACTION_MODES, `${at}, as`)
    const given = [listOf(rule.names, `${at}, names`), listOf(rule.paths, `${at}, paths`)] as const
    const detectors = listOf(rule.detect, `${at}, detect`)
    if (given[0].length + given[1].length + detectors.length === 0)
      throw new RedactionPolicyError(`${at}: covers nothing; give it names, paths or detect`)
    for (const [j, name] of given[0].entries()) {
      const normalised = normalisedName(name)
      if (normalised === '')
        throw new RedactionPolicyError(`${at}, names[${j}]: ${quoted(name)} has no letters`)
      if (!names.has(normalised)) names.set(normalised, mode)
    }
    for (const [j, path] of given[1].entries()) {
      const parsed = parsePath(path)
      if (parsed.kind === 'problem')
        throw new RedactionPolicyError(`${at}, paths[${j}]: ${quoted(path)}: ${parsed.problem}`)
      paths.push({ steps: parsed.steps, mode })
    }
    for (const [j, detector] of detectors.entries()) {
      const known = oneOf(detector, DETECTORS, `${at}, detect[${j}]`)
      if (!detect.has(known)) detect.set(known, mode)
    }
  }
  return { names, paths, detect }
}

/** Policies also come from settings files, so the types are checked. */
function listOf(value: readonly string[] | undefined, at: string): readonly string[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw new RedactionPolicyError(`${at}: must be a list of texts`)
  return value
}

function oneOf<Word extends string>(value: string, words: readonly Word[], at: string): Word {
  const word = words.find((known) => known === value)
  if (word === undefined)
    throw new RedactionPolicyError(`${at}: ${quoted(value)} is none of ${words.join(', ')}`)
  return word
}

function quoted(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}
