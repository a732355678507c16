/** Encodes the core group, once for storage and once, without the server's part, for the content digest. */

import { canonicalJson } from '../canonical/canonical-json.ts'
import type { CoreGroup } from './core-group.ts'
import type { MappedCore } from './stored-record.ts'

export interface ServerFields {
  readonly id: string
  /** RFC 3339, UTC, milliseconds. */
  readonly receivedAt: string
  readonly defaults?: { readonly service?: string; readonly environment?: string } | undefined
}

export interface EncodedCore {
  readonly core: CoreGroup
  readonly coreText: string
  /** As mapped: without id, received_at and defaults. */
  readonly digestText: string
}

/** What a record of an unnamed service is filed under when the caller has no default either. */
export const SERVICE_DEFAULT = 'unknown-service'

/**
 * Fills in service, environment and timestamp where the producer left them out. The canonical text is put
 * together from three runs of fields, between which `id` and `received_at` have their places.
 */
export function encodeCore(mapped: MappedCore, { id, receivedAt, defaults }: ServerFields): EncodedCore {
  const environment =
    mapped.environment ?? defaults?.environment ?? (mapped.kind === 'trail' ? '' : undefined)
  const service = mapped.service ?? defaults?.service ?? SERVICE_DEFAULT
  const timestamp = mapped.timestamp ?? receivedAt

  const head = members(headOf(mapped, mapped.environment))
  const middle = members(middleOf(mapped))
  const tail = members(tailOf(mapped, mapped.service, mapped.timestamp))
  const storedHead = environment === mapped.environment ? head : members(headOf(mapped, environment))
  const storedTail =
    service === mapped.service && timestamp === mapped.timestamp
      ? tail
      : members(tailOf(mapped, service, timestamp))

  const core = {
    ...headOf(mapped, environment),
    id,
    ...middleOf(mapped),
    received_at: receivedAt,
    ...tailOf(mapped, service, timestamp),
  } as CoreGroup // optional members may be there as undefined, which is how they are left out of the text
  return {
    core,
    coreText: `{${storedHead}"id":"${id}",${middle}"received_at":"${receivedAt}",${storedTail.slice(0, -1)}}`,
    digestText: `{${head}${middle}${tail.slice(0, -1)}}`,
  }
}

function headOf(mapped: MappedCore, environment: string | undefined) {
  const { action, actor_type, causation_id, host } = mapped
  return { action, actor_type, causation_id, environment, host }
}

function middleOf({ kind, latency_ms, outcome, parent_span_id }: MappedCore) {
  return { kind, latency_ms, outcome, parent_span_id }
}

function tailOf(mapped: MappedCore, service: string | undefined, timestamp: string | undefined) {
  const { request_id, schema, service_version, severity, span_id, stream, target_types, trace_id } = mapped
  return {
    request_id,
    schema,
    service,
    service_version,
    severity,
    span_id,
    stream,
    target_types,
    timestamp,
    trace_id,
  }
}

/** The members of an object as canonical JSON, each followed by a comma. The keys are in order already. */
function members(object: object): string {
  const text = JSON.stringify(object)
  if (text.includes('\\ud')) canonicalJson(object) // throws for a lone surrogate
  return text.length === 2 ? '' : `${text.slice(1, -1)},`
}
