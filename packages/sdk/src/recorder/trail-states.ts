/** The life of a trail, as a total table: what may happen in which state. */

/**
 * - `open`: the request is being worked on
 * - `noted`: its response is known and on its way
 * - `finished`: the response went out; frozen
 * - `abandoned`: the other side went away, or the process ended, before that; frozen
 */
export type TrailState = 'open' | 'noted' | 'finished' | 'abandoned'

/**
 * - `change`: something is added to the trail
 * - `note`: the response is known
 * - `finish`: the response is complete
 * - `abandon`: there will be no (complete) response
 */
export type TrailEvent = 'change' | 'note' | 'finish' | 'abandon'

/** The next state, or that the event is refused. */
export const TRAIL_STATES: Readonly<
  Record<TrailState, Readonly<Record<TrailEvent, TrailState | 'refused'>>>
> = {
  open: { change: 'open', note: 'noted', finish: 'finished', abandon: 'abandoned' },
  noted: { change: 'noted', note: 'noted', finish: 'finished', abandon: 'abandoned' },
  finished: { change: 'refused', note: 'refused', finish: 'refused', abandon: 'refused' },
  abandoned: { change: 'refused', note: 'refused', finish: 'refused', abandon: 'refused' },
}
