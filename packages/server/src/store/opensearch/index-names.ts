/** Names of indices and aliases, and what an index of entries holds. */

/** One index of a ledger: entries `number * partEntries` and so on. Written anew it has another `version`. */
export interface PartName {
  readonly build: string
  readonly number: number
  readonly version: string
}

export class IndexNames {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** Holds a document for each ledger, and one for each of its shapes. */
  get ledgers(): string {
    return `${this.#prefix}~ledgers`
  }

  /** All indices of a ledger, of every build. */
  allOf(ledger: string): string {
    return `${this.#ledger(ledger)}*`
  }

  /** Searches go to this alias. It is gone with its build, so that no search mixes two. */
  build(ledger: string, build: string): string {
    return `${this.#ledger(ledger)}${build}`
  }

  part(ledger: string, { build, number, version }: PartName): string {
    return `${this.build(ledger, build)}.${number}.${version}`
  }

  /** Documents are written to this alias alone: what is gone is not made again by writing to it. */
  writes(part: string): string {
    return `${part}.writes`
  }

  isOfBuild(ledger: string, build: string, index: string): boolean {
    return index.startsWith(`${this.build(ledger, build)}.`)
  }

  /** Ends with what no encoded name holds, so that `a` and `a-b` stay apart. */
  #ledger(ledger: string): string {
    const encoded = ledger.replace(/[^a-z0-9._-]/gu, (char) => `=${Buffer.from(char).toString('hex')}`)
    return `${this.#prefix}-${encoded}~`
  }
}

const TERM = { type: 'keyword', doc_values: false, norms: false } as const

/** Of an index of entries. Refreshes are asked for; replicas and the rest are for a template of the operator's. */
export const PART_SETTINGS = { number_of_shards: 1, refresh_interval: '-1' } as const
export const PART_MAPPINGS = {
  dynamic: 'strict',
  properties: {
    entry: { type: 'long' },
    timestamp_ms: { type: 'long' },
    shape: { type: 'integer' },
    erased: { type: 'boolean', doc_values: false },
    status: { type: 'double' },
    latency_ms: { type: 'double' },
    actor: { type: 'keyword' },
    terms: TERM,
  },
} as const

/** Documents of it are read by their ids alone. */
export const LEDGERS_BODY = {
  settings: { number_of_shards: 1 },
  mappings: { dynamic: false, properties: {} },
} as const
