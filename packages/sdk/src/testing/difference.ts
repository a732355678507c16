/** The first place where a value lacks what is expected of it, in words; undefined where it lacks nothing. */

export function difference(actual: unknown, expected: unknown, path: string): string | undefined {
  const at = path === '' ? 'the record' : path
  if (isAsymmetric(expected))
    return expected.asymmetricMatch(actual) ? undefined : `${at} is ${shown(actual)}, not as it should be`
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${at} is ${shown(actual)}, not a list`
    if (actual.length !== expected.length) return `${at} has ${actual.length} items, not ${expected.length}`
    return first(expected.map((item, i) => difference(actual[i], item, `${path}/${i}`)))
  }
  if (typeof expected !== 'object' || expected === null)
    return Object.is(actual, expected) ? undefined : `${at} is ${shown(actual)}, not ${shown(expected)}`
  if (typeof actual !== 'object' || actual === null) return `${at} is ${shown(actual)}, not an object`
  const members = actual as Readonly<Record<string, unknown>>
  return first(
    Object.entries(expected).map(([key, member]) => difference(members[key], member, `${path}/${key}`)),
  )
}

interface Asymmetric {
  asymmetricMatch(actual: unknown): boolean
}

/** `expect.any(Number)`, `expect.stringMatching(…)` and the like, of Vitest and of Jest. */
function isAsymmetric(value: unknown): value is Asymmetric {
  return typeof (value as Partial<Asymmetric> | null | undefined)?.asymmetricMatch === 'function'
}

function first(differences: readonly (string | undefined)[]): string | undefined {
  return differences.find((each) => each !== undefined)
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value)
}
