/** The trail of a piece of work, carried by hand where nothing else carries it: into a queue, a job, a timer's table. */

import { ACTOR_HEADER, signActor } from '../trace-context/signed-actor.ts'
import { outgoingHeaders } from '../trace-context/trace-context.ts'
import { currentTrail } from './current-trail.ts'
import type { Trail } from './trail.ts'

/** Names and texts, as headers of a message have them; JSON as it is. */
export type Carrier = Readonly<Record<string, string>>

/** The record that caused the work. */
export const CAUSATION = 'x-causation-id'
/** How long an actor may be carried: jobs wait. */
const ACTOR_MS_MAX = 30 * 24 * 3_600_000

/** What the work that the current trail causes has to know of it; empty without a trail. */
export function carrier(trail: Trail | undefined = currentTrail()): Carrier {
  if (trail === undefined) return {}
  const { headerNames, contextKey } = trail.owner.options
  const { actor } = trail.parts
  const signed =
    contextKey === undefined || actor === undefined
      ? undefined
      : signActor(actor, Date.now() + ACTOR_MS_MAX, {
          key: contextKey,
          traceId: trail.traceId,
          way: 'carrier',
        })
  return {
    ...outgoingHeaders(trail.context, headerNames),
    [CAUSATION]: trail.id,
    ...(signed !== undefined && { [ACTOR_HEADER]: signed }),
  }
}
