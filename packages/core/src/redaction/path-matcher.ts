/**
 * Follows all paths of a policy at once while a value is walked. A state is the set of places in the paths
 * that have been reached; states are made when first met and then found by the next step's name.
 */

import type { PathStep } from './path-pattern.ts'
import type { RedactionMode } from './replacement.ts'

export interface PathState {
  /** What stands in place of the value that was reached; undefined: no path ends here. */
  readonly mode: RedactionMode | undefined
  /** The state one step further; undefined: no path leads on. An index is a name: `'0'`. */
  step(name: string): PathState | undefined
}

export interface Pattern {
  readonly steps: readonly PathStep[]
  readonly mode: RedactionMode
}

/** Beyond this many states those newly met are made anew each time; `**` could otherwise make very many. */
const STATES_MAX = 1_000

/** A place in a path: what must come next there, or that it ends. */
type Place = PathStep | { readonly kind: 'end'; readonly mode: RedactionMode }

/** The state before the first step; undefined without paths. Earlier paths decide before later ones. */
export function compilePaths(patterns: readonly Pattern[]): PathState | undefined {
  if (patterns.length === 0) return undefined
  const places: Place[] = []
  const starts: number[] = []
  for (const { steps, mode } of patterns) {
    starts.push(places.length)
    places.push(...steps, { kind: 'end', mode })
  }
  return new States(places).stateOf(starts)
}

class States {
  readonly places: readonly Place[]
  /** All names that any path mentions; every other name leads to the same state. */
  readonly names: ReadonlySet<string>
  private readonly known = new Map<string, ReachedState>()

  constructor(places: readonly Place[]) {
    this.places = places
    this.names = new Set(places.flatMap((place) => (place.kind === 'name' ? [place.name] : [])))
  }

  /** Undefined when nothing has been reached. */
  stateOf(reached: readonly number[]): ReachedState | undefined {
    const all = new Set<number>()
    for (const start of reached)
      for (let at = start; ; at++) {
        all.add(at)
        if (this.places[at]!.kind !== 'any') break // `**` may be no step at all
      }
    if (all.size === 0) return undefined
    const sorted = [...all].toSorted((a, b) => a - b)
    const key = sorted.join()
    const known = this.known.get(key)
    if (known !== undefined) return known
    const state = new ReachedState(this, sorted)
    if (this.known.size < STATES_MAX) {
      this.known.set(key, state)
      state.isKept = true
    }
    return state
  }
}

class ReachedState implements PathState {
  readonly mode: RedactionMode | undefined
  /** Only states that are kept may be led to by others, or the bound would hold nothing back. */
  isKept = false
  private readonly states: States
  private readonly reached: readonly number[]
  /** The next state by name, under `undefined` for all names that no path mentions. */
  private readonly next = new Map<string | undefined, ReachedState | undefined>()

  constructor(states: States, reached: readonly number[]) {
    this.states = states
    this.reached = reached
    const end = reached.map((at) => states.places[at]!).find((place) => place.kind === 'end')
    this.mode = end?.mode
  }

  step(name: string): ReachedState | undefined {
    const { names, places } = this.states
    const key = names.has(name) ? name : undefined
    if (this.next.has(key)) return this.next.get(key)
    const reached: number[] = []
    for (const at of this.reached) {
      const place = places[at]!
      if (place.kind === 'any') reached.push(at)
      else if (place.kind === 'one' || (place.kind === 'name' && place.name === key)) reached.push(at + 1)
    }
    const state = this.states.stateOf(reached)
    if (state === undefined || state.isKept) this.next.set(key, state)
    return state
  }
}
