/** Many documents a request, in bounded requests; each document's outcome is looked at. */
import { setTimeout as delay } from 'node:timers/promises'
import { TrailproofError } from '../../trailproof-error.ts'
import { type OpenSearchClient, refusal } from './opensearch-client.ts'

export interface BulkItem {
  readonly id: string
  readonly document: object
}

interface Outcome {
  readonly status: number
  readonly error?: { readonly type?: string; readonly reason?: string }
}

/** What the cluster has no room for now is sent again so often, each time after twice as long. */
const ATTEMPTS = 6
const BACKOFF_MS = 100
/** An answer of outcomes and nothing else. */
const FILTER = 'items.*.status,items.*.error.type,items.*.error.reason'

/** An index that is gone is not made again by writing to it. */
const ALIAS_ONLY = { require_alias: 'true' }

interface Target {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

interface Line {
  readonly id: string
  readonly text: string
}

export class Bulk {
  readonly #client: OpenSearchClient
  readonly #bytesMax: number

  constructor(client: OpenSearchClient, bytesMax: number) {
    this.#client = client
    this.#bytesMax = bytesMax
  }

  /**
   * Stores documents whose ids are free, under an alias for writing; the others stay as they are, and are answered. Rejects
   * with HEAD_MOVED when the alias is gone, with OVERLOADED when there is no room for long, both retryable, and with
   * STORE_REFUSED, naming the document, for one that cannot be stored.
   */
  add(alias: string, items: Iterable<BulkItem>): Promise<ReadonlySet<string>> {
    return this.#create({ path: `/${alias}/_bulk`, query: ALIAS_ONLY }, items)
  }

  /** The same in an index by its own name. */
  create(index: string, items: Iterable<BulkItem>): Promise<ReadonlySet<string>> {
    return this.#create({ path: `/${index}/_bulk`, query: {} }, items)
  }

  /** As `add`, but in place of what is there. */
  async replace(alias: string, items: Iterable<BulkItem>): Promise<void> {
    const to = { path: `/${alias}/_bulk`, query: ALIAS_ONLY }
    for (const lines of this.#requests('index', items))
      await this.#send(to, lines, ({ id }, outcome) => {
        if (outcome.status >= 300) throw failed(id, outcome)
      })
  }

  async #create(to: Target, items: Iterable<BulkItem>): Promise<ReadonlySet<string>> {
    const taken = new Set<string>()
    for (const lines of this.#requests('create', items))
      await this.#send(to, lines, ({ id }, outcome) => {
        if (outcome.status === 409) taken.add(id)
        else if (outcome.status >= 300) throw failed(id, outcome)
      })
    return taken
  }

  *#requests(action: 'index' | 'create', items: Iterable<BulkItem>): Generator<readonly Line[]> {
    let lines: Line[] = []
    let bytes = 0
    for (const { id, document } of items) {
      const text = `${JSON.stringify({ [action]: { _id: id } })}\n${JSON.stringify(document)}\n`
      const length = Buffer.byteLength(text)
      if (lines.length > 0 && bytes + length > this.#bytesMax) {
        yield lines
        lines = []
        bytes = 0
      }
      lines.push({ id, text })
      bytes += length
    }
    if (lines.length > 0) yield lines
  }

  async #send(
    to: Target,
    lines: readonly Line[],
    take: (line: Line, outcome: Outcome) => void,
  ): Promise<void> {
    let left = lines
    for (let attempt = 1; ; attempt++) {
      const busy = await this.#sendOnce(to, left, take)
      if (busy.left.length === 0) return
      if (attempt === ATTEMPTS) throw busy.error
      left = busy.left
      await delay(BACKOFF_MS * 2 ** (attempt - 1))
    }
  }

  /** What there was no room for, and why. */
  async #sendOnce(
    { path, query }: Target,
    lines: readonly Line[],
    take: (line: Line, outcome: Outcome) => void,
  ): Promise<{ readonly left: readonly Line[]; readonly error?: TrailproofError }> {
    const left: Line[] = []
    let error: TrailproofError | undefined
    try {
      const { body } = await this.#client.request<{ items?: readonly Readonly<Record<string, Outcome>>[] }>({
        method: 'POST',
        path,
        query: { ...query, filter_path: FILTER },
        body: lines.map(({ text }) => text).join(''),
        isRepeatable: true,
      })
      const { items = [] } = body
      if (items.length !== lines.length)
        throw new TrailproofError(
          'STORE_UNAVAILABLE',
          `OpenSearch: ${path}: an answer without all documents`,
          {
            retryable: true,
          },
        )
      for (const [i, item] of items.entries()) {
        const outcome = Object.values(item)[0]!
        if (outcome.status === 429 || outcome.status === 503) {
          left.push(lines[i]!)
          error = overloaded(path, outcome)
        } else take(lines[i]!, outcome)
      }
    } catch (fault) {
      if (!(fault instanceof TrailproofError) || fault.code !== 'OVERLOADED') throw fault
      return { left: lines, error: fault }
    }
    return { left, ...(error && { error }) }
  }
}

function overloaded(path: string, { error }: Outcome): TrailproofError {
  return new TrailproofError(
    'OVERLOADED',
    `OpenSearch: ${path}: ${error?.type ?? ''}: ${error?.reason ?? ''}`,
    {
      retryable: true,
    },
  )
}

function failed(id: string, { status, error = {} }: Outcome): TrailproofError {
  if (status === 404)
    return new TrailproofError(
      'HEAD_MOVED',
      `the index was changed by another indexer: ${error.reason ?? ''}`,
      {
        retryable: true,
      },
    )
  return refusal(`document ${id}`, status, JSON.stringify({ error }))
}
