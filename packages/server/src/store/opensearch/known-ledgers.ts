/** What a search needs to know of a ledger's index before it asks, and the asking itself. */
import type { KnownShapes } from '../../search/filter-plan.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import type { IndexNames } from './index-names.ts'
import type { LedgerStates } from './ledger-state.ts'
import { type Failure, isTimeout, type OpenSearchClient } from './opensearch-client.ts'
import { assertWhole, type SearchAnswer } from './search-answer.ts'
import type { ShapeLog } from './shape-log.ts'

/** Each but the first follows a reset that came in between. */
const ATTEMPTS = 5
/** A question that comes late still gets so long: its answer is cut, not missing. */
const TIMEOUT_MS_MIN = 50
/** Beyond the cluster's own timeout, which it looks at now and then, before the answer is given up. */
const SILENCE_MS = 1000

export interface KnownLedger extends KnownShapes {
  readonly name: string
  readonly build: string
  /** More entries may be there, which are not all. */
  readonly cursor: number
  /** Indices that have to answer. */
  readonly parts: number
  /** Some actors are longer than what is kept of them. */
  readonly cutActors: boolean
}

/** The index was reset since what is known of it was read. */
class BuildGone extends Error {}

export class KnownLedgers {
  readonly #client: OpenSearchClient
  readonly #names: IndexNames
  readonly #states: LedgerStates
  readonly #shapes: ShapeLog

  constructor(client: OpenSearchClient, names: IndexNames, states: LedgerStates, shapes: ShapeLog) {
    this.#client = client
    this.#names = names
    this.#states = states
    this.#shapes = shapes
  }

  /** Asks as often as a reset comes in between; `known` is undefined when nothing is indexed. */
  async ask<T>(ledger: string, question: (known: KnownLedger | undefined) => Promise<T>): Promise<T> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++)
      try {
        return await question(await this.#find(ledger))
      } catch (error) {
        if (!(error instanceof BuildGone)) throw error
      }
    throw new TrailproofError('OVERLOADED', `the index of ${ledger} is being reset`, { retryable: true })
  }

  async #find(ledger: string): Promise<KnownLedger | undefined> {
    const state = await this.#states.read(ledger)
    if (!state || state.cursor === 0 || state.parts === 0) return undefined
    const { build, cursor, parts, otherShapes: others, severalStatuses, cutActors } = state
    const shapes = await this.#shapes.upTo(ledger, build, state.shapes)
    return { name: ledger, build, cursor, parts, shapes, others, severalStatuses, cutActors }
  }

  /** Undefined when the time was over before it was done. Only for questions within `ask`. */
  async search<Answer extends SearchAnswer>(
    known: KnownLedger,
    body: object,
    timeoutMs: number,
  ): Promise<Answer | undefined> {
    const timeout = Math.ceil(Math.max(TIMEOUT_MS_MIN, timeoutMs))
    try {
      const { status, body: answer } = await this.#client.request<Answer & Failure>({
        method: 'POST',
        path: `/${this.#names.build(known.name, known.build)}/_search`,
        body: { ...body, timeout: `${timeout}ms`, _source: false },
        timeoutMs: timeout + SILENCE_MS,
        expects: [404],
        isRepeatable: true,
      })
      if (status === 404) throw new BuildGone()
      if (answer.timed_out) return undefined
      assertWhole(answer, known.parts)
      return answer
    } catch (error) {
      if (error instanceof TrailproofError && isTimeout(error.cause)) return undefined
      throw error
    }
  }
}
