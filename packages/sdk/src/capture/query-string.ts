/** The parameters of a query, by name: one text, or a list where a name is repeated. */

/** Parameters that are kept; a query with more stays as text. */
const PARAMETERS_MAX = 1_000

/** Undefined without a query. Never throws. */
export function queryOf(
  url: string,
): Readonly<Record<string, string | readonly string[]>> | string | undefined {
  const mark = url.indexOf('?')
  if (mark < 0 || mark === url.length - 1) return undefined
  const text = url.slice(mark + 1)
  const parameters = new URLSearchParams(text)
  if (parameters.size > PARAMETERS_MAX) return text.toWellFormed()
  const byName = new Map<string, string | string[]>()
  for (const [name, value] of parameters) {
    const before = byName.get(name)
    if (before === undefined) byName.set(name, value)
    else if (typeof before === 'string') byName.set(name, [before, value])
    else before.push(value)
  }
  byName.delete('__proto__') // the server refuses the name
  return Object.fromEntries(byName)
}

/** The path of a request target; an absolute one keeps its path only. */
export function pathOf(url: string): string {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  if (path.startsWith('/') || !path.includes('://')) return path
  const slash = path.indexOf('/', path.indexOf('://') + 3)
  return slash < 0 ? '/' : path.slice(slash)
}
