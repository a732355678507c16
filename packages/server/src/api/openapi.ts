/** The description of the API: OpenAPI 3.1 made of the routes' own schemas, to read at /docs. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { describeProblems } from './answers/problem-answer.ts'
import { recordAnswer, treeNodeAnswer } from './answers/record-answers.ts'

/** Before the routes: what they say of their answers is described, and tested, but not what writes them. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  app.setSerializerCompiler(() => JSON.stringify)
  app.addSchema(recordAnswer)
  app.addSchema(treeNodeAnswer)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Trailproof',
        version,
        description:
          'Records, reads and proves audit trails. Errors are RFC 9457 problem documents. Who sees personal data masked, and may unmask it, states a reason in the header Trailproof-Unmask.',
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
    transform: ({ schema: { describedBody, ...schema }, url }) => ({
      schema: describedBody === undefined ? schema : { ...schema, body: describedBody },
      url,
    }),
    refResolver: {
      buildLocalReference: ({ $id }, _base, _fragment, at) =>
        typeof $id === 'string' ? $id : `schema-${at}`,
    },
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    theme: {
      title: 'Trailproof API',
      // It offers to explore other APIs, under the mark of the library.
      css: [{ filename: 'theme.css', content: '.swagger-ui .topbar { display: none }' }],
    },
  })
  describeProblems(app)
  refuseUnknownParameters(app)
}

/** Of reads: what a caller filters by, and is not known, would otherwise find everything. */
function refuseUnknownParameters(app: FastifyInstance): void {
  app.addHook('onRoute', ({ schema }) => {
    if (schema?.querystring && schema.tags?.includes('read'))
      schema.querystring = { ...schema.querystring, additionalProperties: false }
  })
}
