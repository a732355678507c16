/** Every route may answer with a problem document; what one is, is said once. */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

export const PROBLEM_TYPE = 'application/problem+json'

const problemAnswer = Type.Object(
  {
    type: Type.String({ pattern: '^urn:trailproof:problem:[a-z-]+$', description: 'What kind of problem.' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'What exactly, and where.' }),
  },
  {
    $id: 'Problem',
    additionalProperties: true,
    description: 'RFC 9457. Kinds may have further members, such as `problems` with one item a faulty field.',
  },
)

const content = { [PROBLEM_TYPE]: { schema: Type.Ref('Problem#') } }
const PROBLEMS = {
  '4xx': { description: 'The request cannot be answered as it is; 429 comes with Retry-After.', content },
  '5xx': { description: 'Not now: 503 comes with Retry-After. 500 is a fault of the server.', content },
}

/** Adds the problems to what each later route says of its answers. */
export function describeProblems(app: FastifyInstance): void {
  app.addSchema(problemAnswer)
  app.addHook('onRoute', ({ schema }) => {
    if (schema) schema.response = { ...PROBLEMS, ...(schema.response as object | undefined) }
  })
}
