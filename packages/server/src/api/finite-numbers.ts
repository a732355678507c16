/** `?limit=1e999` is read as Infinity, which no schema's `maximum` stops: Ajv compares finite numbers only. */
import type { FastifyInstance } from 'fastify'
import { ProblemError } from './authorize.ts'
import { problem } from './problem.ts'

export function refuseInfiniteNumbers(app: FastifyInstance): void {
  app.addHook('preHandler', async ({ query, params, body }) => {
    for (const values of [query, params, body])
      for (const [name, value] of Object.entries(values ?? {}))
        if (typeof value === 'number' && !Number.isFinite(value))
          throw new ProblemError(problem('bad-request', `${name}: too large a number`))
  })
}
