/** Which numbers of the producers' streams have been seen, in a file of its own that can be built again. */
import type { DatabaseSync } from 'node:sqlite'
import type { ReadNumber, StreamNotice, StreamNumber } from '../../streams/stream-number.ts'
import { inTransaction, openDatabase } from './database.ts'
import { streams0001 } from './migrations/streams-0001.ts'
import { streams0002 } from './migrations/streams-0002.ts'

export const streamsMigrations = [streams0001, streams0002]

/** Holes kept of one stream; a further one is told at once and not waited for. */
const HOLES_MAX = 1000
/** The first number of a stream; a stream may open with 0 as well. */
const FIRST_NUMBER = 1

/** First and last included. */
interface Run {
  readonly first: number
  readonly last: number
}

type Hole = { first: number; last: number; since_ms: number; recorded: number }

export class SqliteStreamStore implements Disposable {
  readonly #db: DatabaseSync

  private constructor(db: DatabaseSync) {
    this.#db = db
  }

  /** What a power cut takes is read again from the ledger: the cursor goes with it. */
  static create(path: string): SqliteStreamStore {
    return new SqliteStreamStore(openDatabase({ path, migrations: streamsMigrations, durability: 'normal' }))
  }

  cursor(ledger: string): number {
    const row = this.#db.prepare('SELECT cursor FROM watched_ledger WHERE name = ?').get(ledger)
    return (row?.['cursor'] as number | undefined) ?? 0
  }

  /** The last entry whose numbers could not be read; -1: none. */
  unreadAt(ledger: string): number {
    const row = this.#db.prepare('SELECT unread_at FROM watched_ledger WHERE name = ?').get(ledger)
    return (row?.['unread_at'] as number | undefined) ?? -1
  }

  /** Takes note of numbers and moves the ledger's cursor, together or not at all. */
  apply(ledger: string, numbers: readonly ReadNumber[], cursor: number, unreadAt: number): void {
    inTransaction(this.#db, () => {
      this.#note(ledger, numbers)
      this.#db
        .prepare(
          `INSERT INTO watched_ledger VALUES (?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, unread_at = excluded.unread_at`,
        )
        .run(ledger, cursor, unreadAt)
    })
  }

  /** Takes note of numbers that are accounted for outside the ledger, such as in quarantine. */
  seen(ledger: string, numbers: readonly StreamNumber[]): void {
    inTransaction(this.#db, () => this.#note(ledger, numbers))
  }

  #note(ledger: string, numbers: readonly (StreamNumber & Partial<ReadNumber>)[]): void {
    const find = this.#db.prepare('SELECT next, seen_at FROM stream WHERE ledger = ? AND id = ?')
    const move = this.#db.prepare(
      `INSERT INTO stream VALUES (?, ?, ?, ?)
       ON CONFLICT (ledger, id) DO UPDATE SET next = excluded.next, seen_at = excluded.seen_at`,
    )
    const stored = this.unreadAt(ledger)
    for (const { streamId, seq, last = seq, atMs, index = -1, unreadAt = stored } of numbers) {
      const { next = Math.min(FIRST_NUMBER, seq), seen_at: seenAt = -1 } = (find.get(ledger, streamId) ??
        {}) as { next?: number; seen_at?: number }
      if (seq < next) this.#fill(ledger, streamId, { first: seq, last: Math.min(last, next - 1) })
      const end = Math.max(next, last + 1)
      // What may stand in an entry that cannot be read any more is not missing.
      if (seq > next && unreadAt <= seenAt)
        this.#addHole(ledger, streamId, { first: next, last: seq - 1, since_ms: atMs, recorded: 0 })
      // What comes after the last number that is exact cannot be read back; that one may then be seen twice.
      move.run(ledger, streamId, Math.min(end, Number.MAX_SAFE_INTEGER), Math.max(seenAt, index))
    }
  }

  #addHole(ledger: string, streamId: string, { first, last, since_ms, recorded }: Hole): void {
    const count = this.#db.prepare('SELECT count(*) AS holes FROM missing WHERE ledger = ? AND stream = ?')
    const isFull = (count.get(ledger, streamId)!['holes'] as number) >= HOLES_MAX
    this.#db
      .prepare('INSERT INTO missing VALUES (?, ?, ?, ?, ?, ?)')
      .run(ledger, streamId, first, last, isFull ? 0 : since_ms, recorded)
  }

  /** Numbers below the expected one: they fill holes, or are seen twice. */
  #fill(ledger: string, streamId: string, { first, last }: Run): void {
    const holes = this.#db
      .prepare(
        `SELECT first, last, since_ms, recorded FROM missing
         WHERE ledger = ? AND stream = ? AND first <= ? AND last >= ?`,
      )
      .all(ledger, streamId, last, first) as Hole[]
    for (const hole of holes) {
      this.#db
        .prepare('DELETE FROM missing WHERE ledger = ? AND stream = ? AND first = ?')
        .run(ledger, streamId, hole.first)
      if (hole.first < first) this.#addHole(ledger, streamId, { ...hole, last: first - 1 })
      if (last < hole.last) this.#addHole(ledger, streamId, { ...hole, first: last + 1 })
      if (hole.recorded === 1)
        this.#addFilled(ledger, streamId, {
          first: Math.max(first, hole.first),
          last: Math.min(last, hole.last),
        })
    }
  }

  /** Neighbours that arrive in order are told together. */
  #addFilled(ledger: string, streamId: string, { first, last }: Run): void {
    const { changes } = this.#db
      .prepare('UPDATE filled SET last = ? WHERE ledger = ? AND stream = ? AND last = ?')
      .run(last, ledger, streamId, first - 1)
    if (changes === 0)
      this.#db.prepare('INSERT OR IGNORE INTO filled VALUES (?, ?, ?, ?)').run(ledger, streamId, first, last)
  }

  /** What the ledger must be told: holes noticed before `beforeMs`, and numbers that filled told holes. */
  pending(ledger: string, beforeMs: number, limit: number): StreamNotice[] {
    const gaps = this.#db
      .prepare(
        'SELECT stream, first, last FROM missing WHERE ledger = ? AND recorded = 0 AND since_ms <= ? LIMIT ?',
      )
      .all(ledger, beforeMs, limit)
    const filled = this.#db
      .prepare('SELECT stream, first, last FROM filled WHERE ledger = ? LIMIT ?')
      .all(ledger, limit)
    const noticeOf =
      (kind: StreamNotice['kind']) =>
      (row: Record<string, unknown>): StreamNotice => ({
        kind,
        ledger,
        streamId: row['stream'] as string,
        from: row['first'] as number,
        to: row['last'] as number,
      })
    return [...gaps.map(noticeOf('gap')), ...filled.map(noticeOf('filled'))]
  }

  /** The ledger has been told. A hole that changed in the meantime is told again. */
  settle(notices: readonly StreamNotice[]): void {
    const told = this.#db.prepare(
      'UPDATE missing SET recorded = 1 WHERE ledger = ? AND stream = ? AND first = ? AND last = ?',
    )
    const drop = this.#db.prepare(
      'DELETE FROM filled WHERE ledger = ? AND stream = ? AND first = ? AND last = ?',
    )
    inTransaction(this.#db, () => {
      for (const { kind, ledger, streamId, from, to } of notices)
        (kind === 'gap' ? told : drop).run(ledger, streamId, from, to)
    })
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }
}
