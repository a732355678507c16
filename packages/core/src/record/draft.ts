/** A record while it is being mapped: our field names, values not yet checked. */

import type { JsonObject } from './item.ts'
import { pointer } from './problem.ts'

/** The fields that a producer may send under their own names. */
export const SENT_FIELDS: ReadonlySet<string> = new Set([
  'id',
  'kind',
  'schema',
  'timestamp',
  'service',
  'environment',
  'service_version',
  'host',
  'trace_id',
  'span_id',
  'parent_span_id',
  'request_id',
  'session_id',
  'causation_id',
  'action',
  'outcome',
  'reason',
  'severity',
  'message',
  'actor',
  'targets',
  'changes',
  'source',
  'labels',
  'metadata',
  'request',
  'response',
  'latency_ms',
  'internal_steps',
  'integrations',
  'errors',
  'stream',
  'redacted',
  'truncated',
])

export class Draft {
  readonly fields: Record<string, unknown> = {}
  /** JSON Pointers of values whose JSON type was changed, besides those that the reader named. */
  readonly coerced: string[] = []
  /** Members of `metadata`, copied when the first one is added. */
  private extra: Record<string, unknown> | undefined = undefined
  /** Where a field went that did not keep its name, both escaped for a JSON Pointer. */
  private readonly moved = new Map<string, string>()

  /**
   * Keeps a field that the schema does not know as a member of metadata. Where metadata has that member
   * already both are kept, the field as `top_level_<name>`.
   */
  keep(name: string, value: unknown): void {
    const { metadata } = this.fields
    this.extra ??= isObject(metadata) ? { ...metadata } : {}
    let kept = name
    while (Object.hasOwn(this.extra, kept)) kept = `top_level_${kept}`
    this.extra[kept] = value
    this.noteMove(name, pointer('/metadata', kept))
  }

  noteMove(name: string, path: string): void {
    this.moved.set(pointer('', name), path)
  }

  metadata(): JsonObject | undefined {
    return this.extra ?? (this.fields['metadata'] as JsonObject | undefined)
  }

  /** All coerced paths, those of the reader where its values are now. */
  allCoerced(ofReader: readonly string[]): readonly string[] {
    if (ofReader.length === 0) return this.coerced
    const all = ofReader.map((path) => {
      const slash = path.indexOf('/', 1)
      const top = slash < 0 ? path : path.slice(0, slash)
      const to = this.moved.get(top)
      return to === undefined ? path : to + path.slice(top.length)
    })
    return this.coerced.length === 0 ? all : [...new Set([...all, ...this.coerced])]
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
