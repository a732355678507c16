/** Which record of a trace led to which, across services. */
import type { RecordView } from '@trailproof/core'
import { instantMs } from '@trailproof/core/query'

export interface TreeNode {
  readonly id: string
  readonly index: number
  readonly service: string
  readonly action: string | undefined
  readonly kind: string
  readonly outcome: string | undefined
  readonly timestamp: string
  readonly latency_ms: number | null | undefined
  readonly span_id: string | undefined
  /** By what the parent is known: its span, or the record named as the cause. Missing on a root. */
  readonly by: 'span' | 'causation' | undefined
  /** Says that a parent is named that is not among the records. */
  readonly parent_missing: boolean
  readonly children: readonly TreeNode[]
}

/** Roots in order of time, each with what it led to. Every record is in it once; circles are cut where they close. */
export function causalTree(records: readonly RecordView[]): readonly TreeNode[] {
  const bySpan = new Map<string, RecordView>()
  const byId = new Map(records.map((record) => [record.id, record]))
  // Several records may be of one span; its trail, or else the first, stands for it.
  for (const record of records) {
    const { span_id: span } = record
    if (span === undefined) continue
    if (!bySpan.has(span) || (record.kind === 'trail' && bySpan.get(span)!.kind !== 'trail'))
      bySpan.set(span, record)
  }
  const parents = new Map<RecordView, { parent: RecordView; by: 'span' | 'causation' }>()
  for (const record of records) {
    const found = parentOf(record, bySpan, byId)
    if (found && !leadsTo(parents, found.parent, record)) parents.set(record, found)
  }
  const children = Map.groupBy(
    records.filter((record) => parents.has(record)),
    (record) => parents.get(record)!.parent,
  )
  const nodeOf = (record: RecordView): TreeNode => {
    const known = parents.get(record)
    const named = record.parent_span_id ?? record.causation_id
    return {
      id: record.id,
      index: record.index,
      service: record.service,
      action: record.action,
      kind: record.kind,
      outcome: record.outcome,
      timestamp: record.timestamp,
      latency_ms: record.latency_ms,
      span_id: record.span_id,
      by: known?.by,
      parent_missing: known === undefined && named !== undefined,
      children: inTime(children.get(record) ?? []).map(nodeOf),
    }
  }
  return inTime(records.filter((record) => !parents.has(record))).map(nodeOf)
}

function parentOf(
  record: RecordView,
  bySpan: ReadonlyMap<string, RecordView>,
  byId: ReadonlyMap<string, RecordView>,
): { parent: RecordView; by: 'span' | 'causation' } | undefined {
  const cause = record.causation_id === undefined ? undefined : byId.get(record.causation_id)
  if (cause && cause !== record) return { parent: cause, by: 'causation' }
  // What happened within a span belongs to the trail of that span; a trail belongs to the span above its own.
  const own = record.span_id === undefined ? undefined : bySpan.get(record.span_id)
  if (own && own !== record) return { parent: own, by: 'span' }
  const above = record.parent_span_id === undefined ? undefined : bySpan.get(record.parent_span_id)
  return above && above !== record ? { parent: above, by: 'span' } : undefined
}

/** Whether `record` is `from` or one of those that led to it. */
function leadsTo(
  parents: ReadonlyMap<RecordView, { parent: RecordView }>,
  from: RecordView,
  record: RecordView,
): boolean {
  for (let at: RecordView | undefined = from; at; at = parents.get(at)?.parent) if (at === record) return true
  return false
}

function inTime(records: readonly RecordView[]): readonly RecordView[] {
  return records.toSorted(
    (a, b) => (instantMs(a.timestamp) ?? 0) - (instantMs(b.timestamp) ?? 0) || a.index - b.index,
  )
}
