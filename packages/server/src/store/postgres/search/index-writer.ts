/**
 * Keeps the search index up to date. Whoever changes a ledger's index holds the lock on its row: of several indexers one
 * applies a step, and the others wait and then find nothing left of theirs to do.
 */
import type pg from 'pg'
import type { IndexedEntry } from '../../../search/search-index.ts'
import { StepTotals } from '../../../search/step-totals.ts'
import { entryTerms } from '../../../search/terms.ts'
import { TrailproofError } from '../../../trailproof-error.ts'
import { commitBy } from '../commit-by.ts'
import { type Connections, rollBack } from '../connections.ts'
import { runCopyScript } from '../copy-script.ts'
import { rewritten } from '../rewrite.ts'
import { IndexStep, type LockedLedger, partOf } from './index-step.ts'
import { ShapeNumbers } from './shape-numbers.ts'
import { quoted } from './terms-query.ts'

/** Entries forgotten in one transaction. */
const ERASED_A_STEP = 1024

export interface WriterOptions {
  readonly schema: string
  readonly partitionEntries: number
  readonly shapesMax: number
  readonly statementTimeoutMs: number
}

export class IndexWriter {
  readonly #connections: Connections
  readonly #options: WriterOptions
  /** As they were when the cursor was read: entries read since then are as old. */
  readonly #generations = new Map<string, number>()
  /** As committed, of the ledger that was written last. */
  #shapes: { readonly of: string; readonly ids: ReadonlyMap<string, number> } | undefined

  constructor(connections: Connections, options: WriterOptions) {
    this.#connections = connections
    this.#options = options
  }

  async cursor(ledger: string): Promise<number> {
    const [row] = await this.#connections.read<{ cursor: number; generation: number }>(
      `SELECT cursor, generation FROM ${this.#options.schema}.indexed_ledger WHERE name = $1`,
      [ledger],
    )
    this.#generations.set(ledger, row?.generation ?? 0)
    return row?.cursor ?? 0
  }

  /** Rejects with HEAD_MOVED when another indexer reset or erased since the cursor was read. */
  async apply(ledger: string, entries: readonly IndexedEntry[], cursor: number): Promise<void> {
    // What of it is lost in a crash is applied again, for the cursor is lost with it.
    const written = await this.#inTransaction('BEGIN; SET LOCAL synchronous_commit = off', async (client) => {
      const known = (await this.#lock(client, ledger)) ?? (await this.#add(client, ledger))
      const seen = this.#generations.get(ledger) ?? known.generation
      if (seen !== known.generation)
        throw new TrailproofError('HEAD_MOVED', `the index of ${ledger} was changed by another indexer`, {
          retryable: true,
        })
      const fresh = entries.filter(({ index }) => index >= known.cursor)
      if (cursor <= known.cursor && fresh.length === 0) return undefined
      const ids = await this.#write(client, known, fresh, Math.max(cursor, known.cursor))
      return { of: shapesKey(known), ids }
    })
    if (written) this.#shapes = written
  }

  async #write(
    client: pg.PoolClient,
    known: LockedLedger,
    entries: readonly IndexedEntry[],
    cursor: number,
  ): Promise<ReadonlyMap<string, number>> {
    const { schema, shapesMax, statementTimeoutMs } = this.#options
    const step = new IndexStep(known, new ShapeNumbers(await this.#shapesOf(client, known), shapesMax))
    const end = entries.reduce((max, { index }) => Math.max(max, index + 1), 0)
    if (end > known.parts * known.part_entries)
      await client.query(`SELECT ${schema}.make_room($1, $2)`, [known.id, end])
    const copy = `COPY ${schema}.indexed_entry FROM STDIN (FORMAT binary)`
    await runCopyScript(client, copy, [step.rowsOf(entries)], statementTimeoutMs + 5000)
    await client.query(step.statements(schema, cursor))
    const filled = partsOf(known, entries).filter((part) => part < partOf(known, cursor))
    for (const part of filled) await client.query(`SELECT ${schema}.settle_part($1, $2)`, [known.id, part])
    return step.shapes.all
  }

  /** Read again when another indexer added some. */
  async #shapesOf(client: pg.PoolClient, known: LockedLedger): Promise<ReadonlyMap<string, number>> {
    if (this.#shapes?.of === shapesKey(known) && this.#shapes.ids.size === known.shapes)
      return this.#shapes.ids
    const { rows } = await client.query<{ id: number; fields: string }>(
      `SELECT id, fields FROM ${this.#options.schema}.shape WHERE ledger = $1`,
      [known.id],
    )
    return new Map(rows.map(({ id, fields }) => [fields, id]))
  }

  async fence(ledger: string): Promise<void> {
    await this.#inTransaction('BEGIN', (client) => this.#add(client, ledger))
    await this.#change(ledger, async () => undefined)
  }

  async eraseEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<void> {
    const named = entries.filter(({ personal }) => personal !== undefined)
    for (let at = 0; at < named.length; at += ERASED_A_STEP)
      await this.#change(ledger, (client, known) =>
        this.#erase(client, known, named.slice(at, at + ERASED_A_STEP)),
      )
    await this.#rewrite(ledger)
  }

  /** Rows and counts of entries; shapes keep their numbers, and zones stay as wide as they were. */
  async forgetEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<void> {
    for (let at = 0; at < entries.length; at += ERASED_A_STEP)
      await this.#change(ledger, (client, known) =>
        this.#forget(client, known, entries.slice(at, at + ERASED_A_STEP)),
      )
    await this.#rewrite(ledger)
  }

  async #forget(client: pg.PoolClient, known: LockedLedger, entries: readonly IndexedEntry[]): Promise<void> {
    const { schema } = this.#options
    const parts = partsOf(known, entries)
    const { rows } = await client.query<{ entry: number; timestamp_ms: number; shape: number }>(
      `DELETE FROM ${schema}.indexed_entry WHERE ledger = $1 AND part = ANY ($2) AND entry = ANY ($3)
        RETURNING entry, timestamp_ms, shape`,
      [known.id, parts, entries.map(({ index }) => index)],
    )
    const gone = new StepTotals()
    for (const { entry, timestamp_ms: at, shape } of rows) gone.add(entry, at, shape)
    for (const { step, slots } of gone.rollups) {
      const cells = [...slots].flatMap(([slot, shapes]) =>
        [...shapes].map(([shape, count]) => ({ slot, shape, count })),
      )
      await client.query(
        `UPDATE ${schema}.rollup AS r SET entries = r.entries - f.count
          FROM unnest($3::bigint[], $4::integer[], $5::bigint[]) AS f (slot, shape, count)
          WHERE r.ledger = $1 AND r.step = $2 AND r.slot = f.slot AND r.shape = f.shape`,
        [
          known.id,
          step,
          cells.map(({ slot }) => slot),
          cells.map(({ shape }) => shape),
          cells.map(({ count }) => count),
        ],
      )
    }
    await client.query(
      `UPDATE ${schema}.shape AS s SET entries = s.entries - f.count
        FROM unnest($2::integer[], $3::bigint[]) AS f (shape, count) WHERE s.ledger = $1 AND s.id = f.shape`,
      [known.id, [...gone.shapes.keys()], [...gone.shapes.values()]],
    )
    await client.query(
      `INSERT INTO ${schema}.part_to_rewrite SELECT $1, * FROM unnest($2::integer[]) ON CONFLICT DO NOTHING`,
      [known.id, parts],
    )
  }

  async #erase(client: pg.PoolClient, known: LockedLedger, entries: readonly IndexedEntry[]): Promise<void> {
    const { schema } = this.#options
    const { rows } = await client.query<{ entry: number; shape: number }>(
      `SELECT entry, shape FROM ${schema}.indexed_entry
        WHERE ledger = $1 AND part = ANY ($2) AND entry = ANY ($3) AND NOT erased`,
      [known.id, partsOf(known, entries), entries.map(({ index }) => index)],
    )
    const shapes = new Map(rows.map(({ entry, shape }) => [entry, shape]))
    const named = entries.filter(({ index }) => shapes.has(index))
    const parts = partsOf(known, named)
    const left = named.map((entry) => entryTerms({ ...entry, personal: undefined }, shapes.get(entry.index)!))
    await client.query(
      `UPDATE ${schema}.indexed_entry AS e
        SET erased = true, status = NULL, actor = NULL, terms = f.terms::tsvector
        FROM unnest($3::bigint[], $4::text[]) AS f (entry, terms)
        WHERE e.ledger = $1 AND e.part = ANY ($2) AND e.entry = f.entry`,
      [
        known.id,
        parts,
        named.map(({ index }) => index),
        left.map((terms) => [...terms].map(quoted).join(' ')),
      ],
    )
    await client.query(
      `INSERT INTO ${schema}.part_to_rewrite SELECT $1, * FROM unnest($2::integer[]) ON CONFLICT DO NOTHING`,
      [known.id, parts],
    )
  }

  /** Of an earlier erasure too, that got no further. */
  async #rewrite(ledger: string): Promise<void> {
    const { schema } = this.#options
    const parts = await this.#connections.read<{ ledger: number; part: number }>(
      `SELECT p.ledger, p.part FROM ${schema}.part_to_rewrite AS p
        JOIN ${schema}.indexed_ledger AS l ON l.id = p.ledger WHERE l.name = $1 ORDER BY 2`,
      [ledger],
    )
    for (const { ledger: ledgerId, part } of parts)
      if (!(await rewritten(this.#connections, `${schema}.rewrite_part`, [ledgerId, part])))
        throw new TrailproofError(
          'OVERLOADED',
          'erased, but a long transaction or a standby can still see what was there: run it again',
          { retryable: true },
        )
  }

  async reset(ledger: string): Promise<void> {
    await this.#change(ledger, async (client, known) => {
      await client.query(`SELECT ${this.#options.schema}.reset_ledger($1)`, [known.id])
    })
  }

  /** What makes the entries that other indexers have at hand stale. Nothing, when nothing is known of the ledger. */
  async #change(
    ledger: string,
    work: (client: pg.PoolClient, known: LockedLedger) => Promise<void>,
  ): Promise<void> {
    const generation = await this.#inTransaction('BEGIN', async (client) => {
      const known = await this.#lock(client, ledger)
      if (!known) return undefined
      await work(client, known)
      await client.query(
        `UPDATE ${this.#options.schema}.indexed_ledger SET generation = generation + 1 WHERE id = $1`,
        [known.id],
      )
      return known.generation + 1
    })
    if (generation !== undefined) this.#generations.set(ledger, generation)
  }

  async #lock(client: pg.PoolClient, ledger: string): Promise<LockedLedger | undefined> {
    const { rows } = await client.query<LockedLedger>(
      `SELECT id, cursor, generation, part_entries, parts, shapes
        FROM ${this.#options.schema}.indexed_ledger WHERE name = $1 FOR UPDATE`,
      [ledger],
    )
    return rows[0]
  }

  async #add(client: pg.PoolClient, ledger: string): Promise<LockedLedger> {
    const { schema, partitionEntries } = this.#options
    await client.query(
      `INSERT INTO ${schema}.indexed_ledger (name, part_entries) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`,
      [ledger, partitionEntries],
    )
    return (await this.#lock(client, ledger))!
  }

  async #inTransaction<T>(begin: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return await this.#connections.use('index', async (client) => {
      try {
        await client.query(begin)
        const result = await work(client)
        await commitBy(client, 'COMMIT')
        return result
      } catch (error) {
        await rollBack(client)
        throw error
      }
    })
  }
}

function partsOf(known: LockedLedger, entries: readonly IndexedEntry[]): number[] {
  return [...new Set(entries.map(({ index }) => partOf(known, index)))]
}

function shapesKey({ id, generation }: LockedLedger): string {
  return `${id} ${generation}`
}
