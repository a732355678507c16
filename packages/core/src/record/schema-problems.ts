/** What the schema has against a record, in sentences. Only runs for records that are refused. */

import { describe, type Problem } from './problem.ts'
import { type MappedRecord, mappedCoreValidator, personalValidator } from './stored-record.ts'

const PROBLEMS_MAX = 10

interface Found {
  readonly error: { readonly keyword: string; readonly instancePath: string; readonly params: object }
  /** What the path points into. */
  readonly root: unknown
}

/** The first ten problems; empty when the record is sound. */
export function schemaProblems(record: MappedRecord, position: number): Problem[] {
  const core = mappedCoreValidator()
  const personal = personalValidator()
  const errors: Found[] = []
  if (!core.Check(record.core))
    for (const error of core.Errors(record.core)) errors.push({ error, root: record.core })
  if (!personal.Check(record.personal))
    for (const error of personal.Errors(record.personal)) errors.push({ error, root: record.personal })
  const problems = new Map<string, Problem>()
  for (const { error, root } of errors) {
    const { keyword, instancePath } = error
    if (isSaidElsewhere(keyword, instancePath, errors)) continue
    const params = error.params as Readonly<Record<string, unknown>>
    if (keyword === 'required') {
      for (const name of (params['requiredProperties'] ?? []) as readonly string[])
        put(problems, {
          record: position,
          field: asSent(`${instancePath}/${name}`),
          code: 'required',
          message: `${name} is missing`,
        })
      continue
    }
    const value = valueAt(root, instancePath)
    put(problems, {
      record: position,
      field: asSent(instancePath),
      ...sentence(keyword, params, value, asSent(instancePath)),
    })
  }
  return [...problems.values()].slice(0, PROBLEMS_MAX)
}

/** A union says once what each of its members complains about; a map's members say what the map repeats. */
function isSaidElsewhere(keyword: string, path: string, errors: readonly Found[]): boolean {
  if (keyword === 'const' || keyword === 'additionalProperties') return true
  return (
    keyword === 'type' && errors.some(({ error }) => error.keyword === 'anyOf' && error.instancePath === path)
  )
}

function put(problems: Map<string, Problem>, problem: Problem): void {
  if (!problems.has(problem.field)) problems.set(problem.field, problem)
}

/** The producer's hashes are stored apart from the stream that they were sent in. */
function asSent(path: string): string {
  return path.replace(/^\/stream_chain/, '/stream')
}

function sentence(
  keyword: string,
  params: Readonly<Record<string, unknown>>,
  value: unknown,
  field: string,
): Pick<Problem, 'code' | 'message' | 'limit'> {
  const name = field.slice(1)
  const limit = typeof params['limit'] === 'number' ? { limit: params['limit'] } : {}
  switch (keyword) {
    case 'maxLength':
      return {
        code: 'too_large',
        message: `${name} has at most ${String(params['limit'])} characters; found ${describe(value)}`,
        ...limit,
      }
    case 'maxItems':
      return {
        code: 'too_large',
        message: `${name} has at most ${String(params['limit'])} items; found ${describe(value)}`,
        ...limit,
      }
    case 'maxProperties':
      return {
        code: 'too_large',
        message: `${name} has at most ${String(params['limit'])} members`,
        ...limit,
      }
    case 'type':
      if (value === undefined) return { code: 'required', message: `${name} is missing` }
      return { code: 'type', message: `${name} is ${wanted(params['type'])}; found ${describe(value)}` }
    case 'minimum':
    case 'maximum':
      return {
        code: 'value',
        message: `${name} is ${keyword === 'minimum' ? 'at least' : 'at most'} ${String(params['limit'])}; found ${describe(value)}`,
        ...limit,
      }
    case 'anyOf':
      return {
        code: 'value',
        message: `${name} cannot be ${describe(value)}; see docs/record.md for what it may be`,
      }
    default:
      return { code: 'value', message: `${name} is not valid; found ${describe(value)}` }
  }
}

function wanted(type: unknown): string {
  if (type === 'object' || type === 'array' || type === 'integer') return `an ${type}`
  return type === 'string' ? 'a text' : `a ${String(type)}`
}

function valueAt(root: unknown, path: string): unknown {
  let value = root
  for (const step of path.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (!Object.hasOwn(value, name)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return value
}
