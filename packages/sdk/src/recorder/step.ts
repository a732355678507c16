/**
 * What the service did on the way (`internal_steps[]`), and the calls it made (`integrations[]`). Objects of both are made with
 * all members, in canonical order; what is undefined is not written.
 */
import type { Json } from './snapshot.ts'

/** One step as recorded. Times are ms, fractions allowed. */
export interface Step {
  error: BriefError | undefined
  readonly id: number
  /** Null while it runs, and for ever where it was not ended before the trail was. */
  latency_ms: number | null
  readonly name: string
  /** After the beginning of the trail. */
  offset_ms: number
  /** The step that it is part of. */
  readonly parent_id: number | undefined
  readonly request: Json | undefined
  response: Json | undefined
}

/** What was thrown, without where. */
export interface BriefError {
  readonly code?: string
  readonly message: string
  readonly name: string
}

/** What kind of thing is called. Your own word is as good. */
export type IntegrationType = 'http' | 'kafka' | 'database' | 'cache' | 'grpc' | 'custom' | (string & {})

/** One call as recorded. */
export interface IntegrationEntry {
  error: BriefError | undefined
  latency_ms: number | null
  metadata: Json | undefined
  readonly name: string
  offset_ms: number
  request: Json | undefined
  response: Json | undefined
  /** The step in which it was made. */
  readonly step_id: number | undefined
  readonly type: string
}

/** A call that is under way. */
export interface Integration {
  /** Its JSON Pointer in the record. */
  readonly path: string
  /** Adds what is known so far, so that it is there even if the end is never seen. */
  update(result: IntegrationResult): void
  /** Ends it. Later calls, and calls after the trail ended, are counted and change nothing. */
  end(result?: IntegrationResult): void
}

export interface IntegrationInit {
  readonly type: IntegrationType
  /** What people recognise: `pg select`, `GET api.example.com/users`. */
  readonly name: string
  readonly request?: unknown
  readonly metadata?: unknown
}

export interface IntegrationResult {
  readonly response?: unknown
  /** Whatever was thrown. */
  readonly error?: unknown
  /** Added to the metadata given at the beginning. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  /** More of the request that was only known later; replaces what was given at the beginning. */
  readonly request?: unknown
}
