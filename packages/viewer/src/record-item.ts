/** One record of the list: a line, and behind it what was done to what, why, and what changed. */
import { element } from './elements.ts'
import {
  actorOf,
  type Change,
  changesOf,
  firstText,
  type Outcome,
  outcomeOf,
  type ShownRecord,
  targetsOf,
  textOf,
} from './shown-record.ts'
import type { ViewerTexts } from './texts.ts'

/** Beside its word: no outcome is told by colour alone. */
const SIGNS: Readonly<Record<Outcome, string>> = { success: '✓', failure: '✕', denied: '⊘', unknown: '?' }

export function recordItem(
  record: ShownRecord,
  texts: ViewerTexts,
  formatTime: (at: Date) => string,
): HTMLLIElement {
  const outcome = outcomeOf(record)
  const at = record.timestamp ?? record.recorded_at
  const date = new Date(at)
  const isTime = !Number.isNaN(date.getTime())
  const sign = element('span', { 'aria-hidden': 'true' }, SIGNS[outcome])
  const line = element(
    'summary',
    { part: 'record' },
    element('time', isTime ? { datetime: date.toISOString() } : {}, isTime ? formatTime(date) : at),
    element('span', { class: 'actor' }, actorOf(record) ?? texts.nobody),
    element('span', { class: 'action' }, firstText(record.action, record.kind) ?? texts.noAction),
    element('span', { class: `outcome ${outcome}` }, sign, ` ${texts.outcomes[outcome]}`),
  )
  const details = element('details', {}, line)
  // Most records are never opened.
  details.addEventListener('toggle', () => details.append(detailsOf(record, texts)), { once: true })
  return element('li', {}, details)
}

function detailsOf(record: ShownRecord, texts: ViewerTexts): HTMLElement {
  const facts: (readonly [string, string | undefined])[] = [
    [texts.reason, firstText(record.reason)],
    [texts.targets, targetsOf(record).join(', ') || undefined],
    [texts.from, firstText(record.source?.ip)],
  ]
  const known = facts.filter(([, value]) => value !== undefined)
  const changes = changesOf(record)
  const message = firstText(record.message)
  const isEmpty = known.length === 0 && changes.length === 0 && message === undefined
  return element(
    'div',
    { class: 'details', part: 'details' },
    message === undefined ? undefined : element('p', {}, message),
    isEmpty ? element('p', { class: 'quiet' }, texts.noDetails) : undefined,
    known.length === 0
      ? undefined
      : element(
          'dl',
          {},
          ...known.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
        ),
    changes.length === 0 ? undefined : changesTable(changes, texts),
  )
}

function changesTable(changes: readonly Change[], texts: ViewerTexts): HTMLElement {
  const head = [texts.what, texts.before, texts.after].map((text) => element('th', { scope: 'col' }, text))
  const rows = changes.map((change) => {
    const shown = (value: unknown): string =>
      textOf(value) ?? (change.redacted === true ? texts.hidden : texts.none)
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, textOf(change.path) ?? ''),
      element('td', { class: 'before' }, shown(change.old)),
      element('td', { class: 'after' }, shown(change.new)),
    )
  })
  return element(
    'table',
    { part: 'changes' },
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows),
  )
}
