/** What a route's schema does not allow, as a problem that names the place, and what was probably meant. */
import { nearestName } from '@trailproof/core/query'
import type { FastifyError, FastifySchema } from 'fastify'
import { type Problem, problem } from './problem.ts'

/** UTF-16 code units of what was sent, in a message. */
const SHOWN_MAX = 100

type Part = 'body' | 'querystring' | 'params' | 'headers'

/** What was sent, in its parts. */
export interface Sent {
  readonly body: unknown
  readonly query: unknown
  readonly params: unknown
  readonly headers: unknown
}

/** The first thing that is wrong. */
export function validationProblem(
  { message, validation = [], validationContext = 'body' }: FastifyError,
  schema: FastifySchema | undefined,
  sent: Sent,
): Problem {
  const part: Part = validationContext
  const [first] = validation
  if (!first) return problem('bad-request', message)
  const { instancePath, params } = first
  const unknown = params['additionalProperty']
  if (typeof unknown === 'string') return unknownName(unknown, part, schema)
  const missing = params['missingProperty']
  const place = [...instancePath.split('/').slice(1), ...(typeof missing === 'string' ? [missing] : [])]
  if (place.length === 0) return problem('bad-request', message)
  const what = typeof missing === 'string' ? 'is missing' : (first.message ?? 'is not valid')
  const allowed = validation.flatMap((each) =>
    each.keyword === 'const' && each.instancePath === instancePath ? [each.params['allowedValue']] : [],
  )
  const value = valueAt(part === 'querystring' ? sent.query : sent[part], instancePath)
  return problem(
    'bad-request',
    `${place.join('/')}: ${allowed.length === 0 ? what : `${choice(allowed)}, not ${shown(value)}`}`,
  )
}

function unknownName(name: string, part: Part, schema: FastifySchema | undefined): Problem {
  const { properties = {} } = (schema?.[part] ?? {}) as { properties?: object }
  const near = nearestName(name, Object.keys(properties))
  const what = part === 'body' ? 'member' : 'parameter'
  return problem(
    'bad-request',
    `there is no ${what} ${name.slice(0, SHOWN_MAX)} here${near === undefined ? '' : `; did you mean ${near}?`}`,
  )
}

function choice(allowed: readonly unknown[]): string {
  return allowed.length === 1 ? `expected ${String(allowed[0])}` : `one of ${allowed.join(', ')}`
}

/** By a JSON pointer. */
function valueAt(value: unknown, pointer: string): unknown {
  let at = value
  for (const name of pointer.split('/').slice(1)) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Readonly<Record<string, unknown>>)[name.replaceAll('~1', '/').replaceAll('~0', '~')]
  }
  return at
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return (text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text || 'an empty text').toWellFormed()
}
