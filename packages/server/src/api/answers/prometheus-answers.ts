/** Answers of Prometheus' HTTP API. */
import { Type } from 'typebox'

const labels = Type.Record(Type.String(), Type.String())
const point = Type.Array(Type.Union([Type.Number(), Type.String()]), {
  minItems: 2,
  maxItems: 2,
  description: 'Seconds since 1970, and the number as text.',
})
const warnings = Type.Optional(Type.Array(Type.String()))

function success<Data extends Parameters<typeof Type.Array>[0]>(description: string, data: Data) {
  return Type.Object({ status: Type.Literal('success'), data, warnings }, { description })
}

export const instantAnswer = success(
  'What a query is worth at a moment.',
  Type.Union([
    Type.Object({
      resultType: Type.Literal('vector'),
      result: Type.Array(Type.Object({ metric: labels, value: point })),
    }),
    Type.Object({ resultType: Type.Literal('scalar'), result: point }),
  ]),
)
export const rangeAnswer = success(
  'What a query is worth at each step.',
  Type.Object({
    resultType: Type.Literal('matrix'),
    result: Type.Array(Type.Object({ metric: labels, values: Type.Array(point) })),
  }),
)
export const textsAnswer = success('Names or values.', Type.Array(Type.String()))
export const seriesAnswer = success('The labels of each series.', Type.Array(labels))
export const buildAnswer = success('What speaks here.', labels)
export const metadataAnswer = success(
  'Metrics and what they mean.',
  Type.Record(Type.String(), Type.Array(labels)),
)

const content = {
  'application/json': {
    schema: Type.Object({
      status: Type.Literal('error'),
      errorType: Type.String({ description: 'bad_data, execution or timeout.' }),
      error: Type.String({ description: 'What is not understood or not supported.' }),
    }),
  },
  'application/problem+json': { schema: Type.Ref('Problem#') },
}
/** Errors in queries are Prometheus' own; whether there is a key, and a ledger, is told as everywhere. */
export const errorAnswers = {
  '4xx': { description: 'The query cannot be answered, or not for this key.', content },
  '5xx': { description: 'Not now, or not in time.', content },
}
