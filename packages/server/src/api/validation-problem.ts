/** What a route's schema does not allow, as a problem that names the place, and what was probably meant. */
import { nearestName } from '@trailproof/core/query'
import type { FastifyError, FastifySchema } from 'fastify'
import { type Problem, problem } from './problem.ts'

/** The first thing that is wrong. */
export function validationProblem(
  { message, validation, validationContext = 'body' }: FastifyError,
  schema: FastifySchema | undefined,
): Problem {
  const unknown = validation?.[0]?.params['additionalProperty']
  if (typeof unknown !== 'string') return problem('bad-request', message)
  const part = schema?.[validationContext as keyof FastifySchema] as { properties?: object } | undefined
  const near = nearestName(unknown, Object.keys(part?.properties ?? {}))
  const what = validationContext === 'body' ? 'member' : 'parameter'
  return problem(
    'bad-request',
    `there is no ${what} ${unknown.slice(0, 100)} here${near === undefined ? '' : `; did you mean ${near}?`}`,
  )
}
