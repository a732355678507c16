/** Prometheus' text format, as far as the server writes it (docs/metrics.md): lines of a name, labels and a value. */

export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export function parseExposition(text: string): readonly Series[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name === undefined) return [] // a comment, or an empty line
    return [{ name, labels: labelsOf(labels), value: value === '+Inf' ? Infinity : Number(value) }]
  })
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  const found = text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)
  return Object.fromEntries(
    [...found].map(([, name, value]) => [
      name!,
      value!.replaceAll(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c)),
    ]),
  )
}
