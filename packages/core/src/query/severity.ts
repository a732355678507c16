/** The levels of `severity` in their order, for `severity:>=warn`; spellings as spec/record.md, "Mapping". */

const LEVELS = ['trace', 'debug', 'info', 'notice', 'warn', 'error', 'fatal'] as const
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['warning', 'warn'],
  ['err', 'error'],
  ['information', 'info'],
])

/** The word under which a level is stored; any other text as it is. */
export function severityWord(text: string): string {
  const lower = text.toLowerCase()
  return SPELLINGS.get(lower) ?? (LEVELS.some((level) => level === lower) ? lower : text)
}

/** The levels from `low` to `high`, both included unless told otherwise; undefined when one of them is no level. */
export function levelsBetween(
  low: { readonly value: string; readonly inclusive: boolean } | undefined,
  high: { readonly value: string; readonly inclusive: boolean } | undefined,
): string[] | undefined {
  const from = low === undefined ? 0 : rank(low.value) + (low.inclusive ? 0 : 1)
  const to = high === undefined ? LEVELS.length : rank(high.value) + (high.inclusive ? 1 : 0)
  if ((low && rank(low.value) < 0) || (high && rank(high.value) < 0)) return undefined
  return LEVELS.slice(from, Math.max(from, to))
}

function rank(text: string): number {
  return LEVELS.findIndex((level) => level === severityWord(text))
}
