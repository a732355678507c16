/** What a record changed, as people read diffs: the path, what went, what came. */
import type { RecordView } from '@trailproof/core'
import { type Paint, printable } from '../terminal/paint.ts'

type Change = NonNullable<NonNullable<RecordView['changes']>[number]>

const INDENT = '    '
/** Characters of one line; a value that has more is cut. `show --json` has all of it. */
const LINE_CHARS_MAX = 200
/** Lines of one value. */
const LINES_MAX = 20

export function changeLines(changes: readonly Change[], paint: Paint): string {
  return changes.map((change) => linesOf(change, paint)).join('')
}

function linesOf({ path, old, new: now, redacted }: Change, paint: Paint): string {
  const masked = redacted ? paint('yellow', '  masked before it was recorded') : ''
  const title = `${INDENT}${paint('underline', printable(path === '' ? '/' : path))}${masked}\n`
  const gone = marked('-', old, 'red', paint)
  const come = marked('+', now, 'green', paint)
  // Both there and both masked alike: that they differ is all that is known.
  return title + gone + come
}

function marked(mark: string, value: unknown, colour: 'red' | 'green', paint: Paint): string {
  if (value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)
  const lines = text.split('\n')
  const shown = lines.slice(0, LINES_MAX).map((line) => `${mark} ${cut(printable(line))}`)
  if (lines.length > LINES_MAX) shown.push(`${mark} … ${lines.length - LINES_MAX} more lines`)
  return shown.map((line) => `${INDENT}${paint(colour, line)}\n`).join('')
}

function cut(line: string): string {
  return line.length <= LINE_CHARS_MAX ? line : `${line.slice(0, LINE_CHARS_MAX - 1)}…`
}
