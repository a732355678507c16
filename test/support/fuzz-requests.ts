/** Requests made of an OpenAPI description: mostly what it asks for, often just beside it, sometimes hostile. */
import type { Random } from './random.ts'

type Schema = Readonly<Record<string, unknown>>

export interface Operation {
  readonly method: string
  /** With its parameters: `/v1/events/{id}`. */
  readonly path: string
  readonly parameters: readonly { name: string; in: 'path' | 'query'; required?: boolean; schema: Schema }[]
  readonly body: Schema | undefined
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, unknown>> }>>
}

export interface FuzzedRequest {
  readonly operation: Operation
  readonly path: string
  readonly init: { method: string; headers: Record<string, string>; body?: string }
}

/** Values that fit a name, known to the server where they can be; `quarantine.id` before `id`. May grow. */
export type Pools = Readonly<Record<string, readonly string[]>>

export function operationsOf(description: unknown): Operation[] {
  const { paths } = description as { paths: Record<string, Record<string, Record<string, unknown>>> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      parameters: (operation['parameters'] ?? []) as Operation['parameters'],
      body: schemaOfBody(operation['requestBody']),
      responses: operation['responses'] as Operation['responses'],
    })),
  )
}

function schemaOfBody(body: unknown): Schema | undefined {
  const { content } = (body ?? {}) as { content?: Record<string, { schema: Schema }> }
  return content && Object.values(content)[0]?.schema
}

export class RequestFuzzer {
  readonly #random: Random
  readonly #pools: Pools
  readonly #tokens: readonly string[]

  constructor(random: Random, pools: Pools, tokens: readonly string[]) {
    this.#random = random
    this.#pools = pools
    this.#tokens = tokens
  }

  request(operation: Operation): FuzzedRequest {
    let path = operation.path
    const query = new URLSearchParams()
    for (const { name, in: place, required, schema } of operation.parameters)
      if (place === 'path') path = path.replace(`{${name}}`, () => this.#pathPart(operation, name, schema))
      else if (required || this.#random.chance(0.3)) query.append(name, String(this.#value(name, schema)))
    if (this.#random.chance(0.03))
      query.append(this.#pick(['ledger', 'q', 'nope', '__proto__']), this.#text())
    const headers: Record<string, string> = { authorization: `Bearer ${this.#pick(this.#tokens)}` }
    if (this.#random.chance(0.03)) delete headers['authorization']
    const init: FuzzedRequest['init'] = { method: operation.method, headers }
    if (['POST', 'PUT', 'PATCH'].includes(operation.method)) {
      headers['content-type'] = this.#random.chance(0.95) ? 'application/json' : this.#pick(CONTENT_TYPES)
      init.body = this.#body(operation.body)
    }
    // What does not fit into a request's headers comes to no route.
    const search = query.size === 0 ? '' : `?${String(query)}`.slice(0, ADDRESS_CHARS_MAX)
    return { operation, path: path + search, init }
  }

  #pathPart(operation: Operation, name: string, schema: Schema): string {
    const own = `${operation.path.split('/')[2]}.${name}`
    const value = String(this.#value(own in this.#pools ? own : name, schema))
    // A tile's path goes on below it; everything else is one part, and never `.` or nothing.
    if (name === '*') return value
    return encodeURIComponent(value).replaceAll('.', '%2E') || '-'
  }

  #body(schema: Schema | undefined): string {
    if (this.#random.chance(0.1)) return this.#pick(HOSTILE_BODIES)
    return JSON.stringify(this.#value('body', schema ?? {})) ?? 'null'
  }

  #value(name: string, schema: Schema): unknown {
    if (this.#random.chance(0.08)) return this.#text()
    const pool = this.#pools[name]
    // Of a list, its items are such values.
    if (pool && schema['type'] !== 'array' && this.#random.chance(0.85)) return this.#pick(pool)
    const options = (schema['enum'] ?? schema['anyOf'] ?? schema['oneOf']) as readonly unknown[] | undefined
    if (options) {
      const option = this.#pick(options)
      return typeof option === 'object' && option !== null ? this.#value(name, option as Schema) : option
    }
    if ('const' in schema) return schema['const']
    switch (schema['type']) {
      case 'integer':
      case 'number':
        return this.#pick([schema['minimum'] ?? 0, schema['maximum'] ?? 7, 1, 3, 50, -1, 2 ** 53, 1.5])
      case 'boolean':
        return this.#random.chance(0.5)
      case 'array': {
        const items = Array.from({ length: this.#random.below(4) }, () =>
          this.#value(name, schema['items'] as Schema),
        )
        return this.#random.chance(0.02) ? Array.from({ length: 2000 }, () => items[0] ?? 'x') : items
      }
      case 'object':
        return this.#object(schema)
      case 'null':
        return null
      default:
        return this.#pick([...WORDS, this.#text()])
    }
  }

  #object(schema: Schema): Record<string, unknown> {
    const required = new Set(schema['required'] as readonly string[] | undefined)
    const members = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)
      .filter(([name]) => this.#random.chance(required.has(name) ? 0.97 : 0.25))
      .map(([name, member]) => [name, this.#value(name, member)])
    if (this.#random.chance(0.05)) members.push([this.#pick(WORDS), this.#text()])
    return Object.fromEntries(members) as Record<string, unknown>
  }

  #text(): string {
    return this.#random.chance(0.05) ? 'x'.repeat(this.#random.below(5000)) : this.#pick(HOSTILE_TEXTS)
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#random.below(items.length)]!
  }
}

const ADDRESS_CHARS_MAX = 12_000
const WORDS = ['main', 'shop', 'payment.created', 'u-1', 'success', '15m', '1', 'x']
const HOSTILE_TEXTS = [
  '',
  ' ',
  '..',
  '../../etc/passwd',
  '%00',
  '\u0000',
  "' OR 1=1 --",
  '"',
  '\\',
  '*',
  '(((((',
  '|',
  'NaN',
  '-1',
  '1e999',
  '99999999999999999999',
  '__proto__',
  'constructor',
  'ünïcode 日本 \u202e',
  '\ud83d\ude00',
  '<script>alert(1)</script>',
  '=cmd()',
  'null',
  '{}',
  '[]',
]
const CONTENT_TYPES = [
  'text/plain',
  'application/x-ndjson',
  'application/xml',
  'application/cloudevents+json',
  'x',
]
const HOSTILE_BODIES = [
  '',
  '{',
  'null',
  '[]',
  '"text"',
  '42',
  '[1, "x", null]',
  '{"__proto__":{"a":1}}',
  '{"a":1,"a":2}',
  '['.repeat(2000),
  '{"a":'.repeat(300) + '1' + '}'.repeat(300),
  '{"text":"\\ud800"}',
  '\u0000',
]
