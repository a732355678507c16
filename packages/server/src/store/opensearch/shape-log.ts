/**
 * The shapes of a build, numbered from 1: a document each, which is made once and never changed. Indexers that add some at
 * the same time agree on their numbers that way, and so on every document they write.
 */
import { OTHER_SHAPE, parseShape, type Shape, shapeText } from '../../search/shape.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import type { Bulk } from './bulk.ts'
import type { IndexNames } from './index-names.ts'
import type { OpenSearchClient } from './opensearch-client.ts'

/** Shapes asked for at first, and at once. */
const FIRST_PAGE = 64
const PAGE_MAX = 1024
/** Ledgers whose shapes are kept in memory; all are forgotten when there are more. */
const KNOWN_MAX = 64
/** Each but the first follows another indexer that added some in between. */
const ATTEMPTS = 10

interface ShapeDocument {
  readonly fields: string
}

/** Of one build: what is known so far. */
interface Known {
  readonly build: string
  readonly shapes: Map<number, Shape>
  readonly numbers: Map<string, number>
}

export class ShapeLog {
  readonly #client: OpenSearchClient
  readonly #bulk: Bulk
  readonly #names: IndexNames
  readonly #shapesMax: number
  /** By ledger. */
  readonly #known = new Map<string, Known>()

  constructor(client: OpenSearchClient, bulk: Bulk, names: IndexNames, shapesMax: number) {
    this.#client = client
    this.#bulk = bulk
    this.#names = names
    this.#shapesMax = shapesMax
  }

  /** For searches: the first `count` shapes, or more. */
  async upTo(ledger: string, build: string, count: number): Promise<ReadonlyMap<number, Shape>> {
    const known = this.#of(ledger, build)
    if (known.shapes.size < count) await this.#readOn(ledger, known)
    if (known.shapes.size < count)
      throw new TrailproofError('DATA_DAMAGED', `shapes of the index of ${ledger} are missing: rebuild it`)
    return known.shapes
  }

  /** For the indexer: the numbers of the shapes of core groups; those that are new are stored first. */
  async numbered(
    ledger: string,
    build: string,
    cores: readonly Readonly<Record<string, unknown>>[],
  ): Promise<{
    readonly numberOf: (core: Readonly<Record<string, unknown>>) => number
    readonly count: number
  }> {
    const known = this.#of(ledger, build)
    const wanted = new Set(cores.map(shapeText))
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const added = [...wanted]
        .filter((fields) => !known.numbers.has(fields))
        .slice(0, Math.max(0, this.#shapesMax - known.shapes.size))
      if (added.length === 0)
        return {
          numberOf: (core) => known.numbers.get(shapeText(core)) ?? OTHER_SHAPE,
          count: known.shapes.size,
        }
      // Another indexer's may be there already; what is known is what is read.
      await this.#bulk.create(
        this.#names.ledgers,
        added.map((fields, i) => ({
          id: shapeId(ledger, build, known.shapes.size + 1 + i),
          document: { fields } satisfies ShapeDocument,
        })),
      )
      await this.#readOn(ledger, known)
    }
    throw new TrailproofError('OVERLOADED', `other indexers add shapes to the index of ${ledger}`, {
      retryable: true,
    })
  }

  async #readOn(ledger: string, known: Known): Promise<void> {
    for (let page = FIRST_PAGE; ; page = Math.min(2 * page, PAGE_MAX)) {
      const first = known.shapes.size + 1
      const ids = Array.from({ length: page }, (_, i) => shapeId(ledger, known.build, first + i))
      const { body } = await this.#client.request<{
        docs: readonly { found?: boolean; _source?: ShapeDocument; error?: { reason?: string } }[]
      }>({ method: 'POST', path: `/${this.#names.ledgers}/_mget`, body: { ids }, isRepeatable: true })
      for (const [i, { found, _source, error }] of body.docs.entries()) {
        if (error)
          throw new TrailproofError('STORE_UNAVAILABLE', `OpenSearch: ${error.reason ?? 'no document'}`, {
            retryable: true,
          })
        if (!found) return
        // Counted from where this began: others read on at the same time.
        const number = first + i
        known.shapes.set(number, parseShape(_source!.fields))
        known.numbers.set(_source!.fields, number)
      }
    }
  }

  #of(ledger: string, build: string): Known {
    let known = this.#known.get(ledger)
    if (known?.build !== build) {
      known = { build, shapes: new Map(), numbers: new Map() }
      if (this.#known.size >= KNOWN_MAX) this.#known.clear()
      this.#known.set(ledger, known)
    }
    return known
  }
}

function shapeId(ledger: string, build: string, number: number): string {
  return `shape:${ledger}:${build}:${number}`
}
