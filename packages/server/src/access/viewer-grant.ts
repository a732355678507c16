/**
 * What a viewer token allows: never more than the key that made it may now, and of that only what its query selects. It is a
 * grant as any other, so that its query holds wherever rows of roles do.
 */
import { allOf, type Filter } from '@trailproof/core/query'
import { fieldsIn, unseenIn } from './askable.ts'
import type { Caller } from './caller.ts'
import { type Denied, decide, type IsWithin } from './decide.ts'
import { type Permission, setOf } from './permissions.ts'
import type { Grant } from './roles.ts'

export interface ViewerScope {
  readonly ledger: string
  readonly filter: Filter
  /** Whether personal data is shown, which the maker must see. */
  readonly personal: boolean
  /** Whether entries are shown as evidence, which the maker must be able to. */
  readonly prove: boolean
}

export type ViewerGrant = { readonly kind: 'granted'; readonly grant: Grant } | Denied

export function viewerGrant(maker: Caller, scope: ViewerScope, isWithin: IsWithin): ViewerGrant {
  const { ledger, filter, personal, prove } = scope
  const given: readonly Permission[] = prove ? ['read', 'prove'] : ['read']
  const sights = []
  for (const permission of ['make-viewers', ...given] as const) {
    const decision = decide(maker, permission, ledger, isWithin)
    if (decision.kind === 'denied') return decision
    // Making shows nothing: only its rows count.
    sights.push({ ...decision.sight, shows: permission !== 'make-viewers' })
  }
  const shown = sights.filter(({ shows }) => shows)
  for (const sight of shown) {
    // Whoever has the token would learn by it what its maker may not ask.
    const unseen = unseenIn(fieldsIn({ filter, pipes: [] }), sight)
    if (unseen !== undefined) return cannotGive(`a token by ${unseen}, which it does not see`)
    if (personal && sight.personal === 'masked') return cannotGive('personal data, which it does not see')
  }
  const rows = sights.flatMap((sight) => sight.rows ?? [])
  return {
    kind: 'granted',
    grant: {
      role: {
        name: 'viewer token',
        description: 'What one query selects.',
        permissions: personal ? setOf(...given, 'see-personal') : setOf(...given),
        rows: undefined,
        hidden: [...new Set(shown.flatMap(({ hidden }) => hidden))],
      },
      ledger,
      rows: allOf([filter, ...rows]),
    },
  }
}

function cannotGive(what: string): Denied {
  const detail = `the API key cannot give ${what}`
  return { kind: 'denied', reason: 'never', permission: 'see-personal', detail }
}
