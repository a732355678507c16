/** What a caller sees of a ledger: which records, and what of them. */
import { anyOf, type Filter } from '@trailproof/core/query'
import { hasAll, setOf } from './permissions.ts'
import type { Grant } from './roles.ts'

export interface Sight {
  /** What a record must match to be there; undefined: every record is. */
  readonly rows: Filter | undefined
  /** Masked: nothing of the personal group is shown, asked for, compared or counted. */
  readonly personal: 'shown' | 'masked'
  /** Canonical names of fields that are as if masked, always. */
  readonly hidden: readonly string[]
}

/** Whether personal groups are seen as they are: their exact bytes may then be given. */
export function seesWhole({ personal, hidden }: Pick<Sight, 'personal' | 'hidden'>): boolean {
  return personal === 'shown' && hidden.length === 0
}

const SEE_PERSONAL = setOf('see-personal')

/**
 * The sight of several grants. A grant within another one adds nothing. Of the others the records are united, and of
 * all these records only that is shown which each of the grants shows: who would see everything of some records and
 * little of all of them sees little of all of them. So no record shows more than some grant allows for it.
 * `unmasked`: personal data is shown by every grant given.
 */
export function uniteSights(grants: readonly Grant[], unmasked: boolean): Sight {
  const sights = grants.map((grant) => sightOf(grant, unmasked))
  if (sights.length === 1) return sights[0]!
  const kept = sights.filter(
    (sight, i) =>
      !sights.some((other, j) => i !== j && covers(other, sight) && (j < i || !covers(sight, other))),
  )
  if (kept.length === 1) return kept[0]!
  const rows = kept.flatMap((sight) => sight.rows ?? [])
  return {
    rows: rows.length < kept.length ? undefined : anyOf(rows),
    personal: kept.every(({ personal }) => personal === 'shown') ? 'shown' : 'masked',
    hidden: [...new Set(kept.flatMap(({ hidden }) => hidden))],
  }
}

function sightOf({ role, rows }: Grant, unmasked: boolean): Sight {
  const personal = unmasked || hasAll(role.permissions, SEE_PERSONAL) ? 'shown' : 'masked'
  return { rows, personal, hidden: role.hidden }
}

/** Whether `a` shows all that `b` does. */
function covers(a: Sight, b: Sight): boolean {
  const allRows = a.rows === undefined || a.rows === b.rows
  const allPersonal = a.personal === 'shown' || b.personal === 'masked'
  return allRows && allPersonal && a.hidden.every((field) => b.hidden.includes(field))
}
