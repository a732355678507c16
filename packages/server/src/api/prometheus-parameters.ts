/** What clients of Prometheus' API say: in the address, in a form, or in both. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { durationMs } from '../promql/literals.ts'
import { badData } from '../promql/promql-error.ts'

/** As Prometheus has it. */
export const POINTS_MAX = 11_000
const FORM_BYTES_MAX = 65_536
const TIME_SECONDS_MAX = 253_402_300_799

/** Forms are read here and nowhere else. */
export function readForms(app: FastifyInstance): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
    (_, body, done) => done(null, new URLSearchParams(String(body))),
  )
}

export const parameters = {
  ledger: Type.Optional(
    Type.String({ description: 'Ledger name; also as the label `ledger`. Default: the key’s.' }),
  ),
  timeout: Type.Optional(Type.String({ description: 'A duration; at most 5s, which is the default.' })),
  limit: Type.Optional(Type.String({ description: 'Most series or values in the answer; 0 is all.' })),
}
export const time = (description: string) =>
  Type.String({ description: `${description} Seconds since 1970, or RFC 3339.` })

/** A member of an object in JSON as the parameters that a form would have. */
function textsOf([name, value]: [string, unknown]): [string, string][] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.flatMap((one) =>
    typeof one === 'string' || typeof one === 'number' ? [[name, String(one)] as [string, string]] : [],
  )
}

/** The parameters of one request. */
export class Parameters {
  readonly #all: URLSearchParams

  constructor(request: FastifyRequest) {
    const at = request.url.indexOf('?')
    this.#all = new URLSearchParams(at < 0 ? '' : request.url.slice(at + 1))
    const { body } = request
    const said = body instanceof URLSearchParams ? body : Object.entries(body ?? {}).flatMap(textsOf)
    for (const [name, value] of said) this.#all.append(name, value)
  }

  text(name: string): string | undefined {
    const value = this.#all.get(name)
    return value === null || value === '' ? undefined : value
  }

  required(name: string): string {
    const value = this.text(name)
    if (value === undefined) throw badData(`invalid parameter "${name}": it is missing`)
    return value
  }

  texts(name: string): readonly string[] {
    return this.#all.getAll(name)
  }

  /** A moment in ms since 1970. */
  time(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const seconds = Number(text)
    const ms = Number.isNaN(seconds) ? Date.parse(text) : seconds * 1000
    if (!(ms >= 0 && ms <= TIME_SECONDS_MAX * 1000))
      throw badData(`invalid parameter "${name}": cannot parse "${text.slice(0, 100)}" to a valid timestamp`)
    return Math.round(ms)
  }

  /** In ms, more than 0. */
  duration(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const ms = durationMs(text)
    if (ms === undefined || ms <= 0)
      throw badData(`invalid parameter "${name}": cannot parse "${text.slice(0, 100)}" to a valid duration`)
    return ms
  }

  limit(): number {
    const text = this.text('limit') ?? '0'
    if (!/^\d{1,9}$/.test(text)) throw badData('invalid parameter "limit": expected a number')
    return Number(text) || Infinity
  }

  /** The steps of a range query. */
  steps(): readonly number[] {
    const [start, end, step] = [this.time('start'), this.time('end'), this.duration('step')]
    if (start === undefined || end === undefined || step === undefined)
      throw badData('invalid parameters: a range has start, end and step')
    if (end < start) throw badData('invalid parameter "end": end timestamp must not be before start time')
    const count = Math.floor((end - start) / step) + 1
    if (count > POINTS_MAX)
      throw badData(
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
      )
    return Array.from({ length: count }, (_, i) => start + i * step)
  }
}
