/** What may be asked about: an answer about a field tells of it, however it is asked. */
import { type Filter, type Pipe, type Query, type QueryField, resolveField } from '@trailproof/core/query'
import { type Sight, seesWhole } from './sight.ts'

/** Stands for free text among names of fields: it looks into personal data. */
export const FREE_TEXT = 'free text'

/** The first field that a caller does not see, or `FREE_TEXT`; undefined: all may be asked about. */
export function unseenIn(fields: Iterable<string>, sight: Sight): string | undefined {
  if (seesWhole(sight)) return undefined
  for (const name of fields) if (!isSeen(name, sight)) return resolveField(name)?.name ?? name
  return undefined
}

export function isSeen(name: string, sight: Sight): boolean {
  if (seesWhole(sight)) return true
  const field = resolveField(name)
  if (!field) return false // free text, which looks into all that there is
  const paths = personalPaths(field)
  if (paths.length === 0) return true
  if (sight.personal === 'masked') return false
  const hidden = sight.hidden.flatMap((each) => personalPaths(resolveField(each)!))
  // Whether an object is there tells of its members.
  return !paths.some((path) => hidden.some((each) => isWithin(path, each) || isWithin(each, path)))
}

/** Every field that a query names, once expanded. */
export function fieldsIn({ filter, pipes }: Query): readonly string[] {
  return [...(filter ? fieldsOfFilter(filter) : []), ...pipes.flatMap(fieldsOfPipe)]
}

function fieldsOfFilter(filter: Filter): readonly string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.flatMap(fieldsOfFilter)
    case 'not':
      return fieldsOfFilter(filter.part)
    case 'field':
      return [filter.field]
    case 'text':
    case 'saved':
      return [FREE_TEXT]
  }
}

function fieldsOfPipe(pipe: Pipe): readonly string[] {
  switch (pipe.kind) {
    case 'count':
      return pipe.by
    case 'top':
    case 'sort':
      return [pipe.field]
    case 'timeline':
      return pipe.by === undefined ? [] : [pipe.by]
    case 'fields':
      return pipe.fields
  }
}

/** In lower case: no caller learns of `metadata.Salary` by its other spelling. */
function personalPaths({ places }: QueryField): string[] {
  return places.flatMap(({ group, path }) => (group === 'personal' ? [path.toLowerCase()] : []))
}

function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}.`)
}
