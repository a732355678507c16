/** Checkpoints that were verified here before: what a server once signed and may not take back. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { readCheckpoint } from '@trailproof/core'
import { usageFailure } from '../failure.ts'

/** Each was consistent with those before it, so the newest ones stand for all. */
const CHECKPOINTS_MAX = 100

interface Line {
  readonly ledger: string
  readonly size: number
  readonly checkpoint: string
  readonly verified_at: string
}

/** One JSON object a line; keep one file for each server, apart from it. */
export class RememberedFile {
  readonly #path: string
  readonly #lines: readonly Line[]

  constructor(path: string) {
    this.#path = path
    this.#lines = existsSync(path) ? linesOf(path) : []
  }

  /** The newest signed notes of a ledger. */
  of(ledger: string): readonly string[] {
    return this.#lines
      .filter((line) => line.ledger === ledger)
      .slice(-CHECKPOINTS_MAX)
      .map((line) => line.checkpoint)
  }

  /** Keeps a checkpoint for next time, unless it is there. */
  add(ledger: string, checkpoint: string, nowMs: number): void {
    const parsed = readCheckpoint(checkpoint)
    if (parsed.kind === 'problem') return
    const { size } = parsed
    if (this.#lines.some((line) => line.ledger === ledger && line.size === size)) return
    const line: Line = { ledger, size, checkpoint, verified_at: new Date(nowMs).toISOString() }
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`)
  }
}

function linesOf(path: string): Line[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((text, at) => {
      if (text.trim() === '') return []
      try {
        const line = JSON.parse(text) as Partial<Line>
        if (typeof line.ledger === 'string' && typeof line.checkpoint === 'string') return [line as Line]
      } catch {
        // Said below, like a line of another shape: a memory with a hole must not pass for whole.
      }
      throw usageFailure(`${path}, line ${at + 1}: not a checkpoint that --remember wrote`)
    })
}
