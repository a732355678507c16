/** How old the oldest entry is that search does not find yet: to a quarter of a second, more coarsely after hours of it. */

const STEP_MS = 250
const MARKS_MAX = 1024

interface Mark {
  /** The entries before this index, and after the mark before, were recorded at `atMs` or less than a step later. */
  end: number
  readonly atMs: number
}

export class IndexLag {
  #marks: Mark[] = []
  #stepMs = STEP_MS

  /** Entries up to `size` have been recorded. */
  grew(size: number, nowMs: number): void {
    if (this.#marks.length === 0) this.#stepMs = STEP_MS
    this.#mark(size, nowMs)
    if (this.#marks.length <= MARKS_MAX) return
    this.#stepMs *= 2
    const marks = this.#marks
    this.#marks = []
    for (const { end, atMs } of marks) this.#mark(end, atMs)
  }

  /** Entries below `size` are found. */
  indexed(size: number): void {
    const next = this.#marks.findIndex(({ end }) => end > size)
    this.#marks.splice(0, next < 0 ? this.#marks.length : next)
  }

  seconds(nowMs: number): number {
    const [oldest] = this.#marks
    return oldest ? Math.max(0, nowMs - oldest.atMs) / 1000 : 0
  }

  #mark(end: number, atMs: number): void {
    const last = this.#marks.at(-1)
    if (last && atMs - last.atMs < this.#stepMs) last.end = end
    else this.#marks.push({ end, atMs })
  }
}
