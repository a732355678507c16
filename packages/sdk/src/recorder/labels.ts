/** Labels as a server takes them (docs/record.md): few, short, texts, numbers or booleans. */
import { messageOf } from './snapshot.ts'

export const LABELS_MAX = 256
const LABEL_CHARS_MAX = 4_096

export type Label = string | number | boolean

/** What is none of these becomes its text; a longer text is cut. */
export function labelOf(value: unknown): Label {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
  return messageOf(value).slice(0, LABEL_CHARS_MAX).toWellFormed()
}

/** The first 256 of them; undefined for what holds none. */
export function labelsOf(labels: unknown): Readonly<Record<string, Label>> | undefined {
  if (typeof labels !== 'object' || labels === null) return undefined
  const entries = entriesOf(labels).slice(0, LABELS_MAX)
  return Object.fromEntries(
    entries
      .filter(([name]) => name !== '__proto__')
      .map(([name, value]) => [name.slice(0, 512).toWellFormed(), labelOf(value)]),
  )
}

function entriesOf(labels: object): [name: string, value: unknown][] {
  try {
    return Object.entries(labels)
  } catch (error) {
    return [['unreadable', messageOf(error)]] // a getter or a proxy of the host's
  }
}
