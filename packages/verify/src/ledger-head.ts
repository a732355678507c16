/** The checkpoint a ledger is judged by, before it is known whether a key in force signed it. */

import type { Checkpoint, VerifierKey } from '@trailproof/core'
import { openCheckpoint, readCheckpoint } from '@trailproof/core'
import type { EvidenceSource, Primitives } from './evidence.ts'
import type { Report } from './report.ts'

interface HeadOptions extends Primitives {
  readonly verifierKeys: readonly VerifierKey[]
  readonly origin?: string
}

export type Head =
  | ({ readonly kind: 'head'; readonly note: string } & Checkpoint)
  | { readonly kind: 'broken'; readonly origin: string; readonly detail: string }
  | { readonly kind: 'unreadable'; readonly origin: string; readonly detail: string }

export async function readHead(source: EvidenceSource, options: HeadOptions): Promise<Head> {
  const origin = options.origin ?? ''
  let note: string
  try {
    note = await source.checkpoint()
  } catch (error) {
    return { kind: 'unreadable', origin, detail: `the checkpoint could not be read: ${String(error)}` }
  }
  const parsed = readCheckpoint(note)
  if (parsed.kind === 'problem') return { kind: 'broken', origin, detail: parsed.problem }
  if (options.origin !== undefined && parsed.origin !== options.origin)
    return { kind: 'broken', origin, detail: `the checkpoint is of ${parsed.origin}` }
  // A bad line under a trusted key condemns the note now; whether any key signed is known after the key changes.
  const opened = openCheckpoint(note, options.verifierKeys, options.verifyEd25519)
  if (opened.kind === 'problem') return { kind: 'broken', origin: parsed.origin, detail: opened.problem }
  return { kind: 'head', note, origin: parsed.origin, size: parsed.size, root: parsed.root }
}

/** The report when there is no checkpoint to judge entries by. */
export function reportWithoutHead(head: {
  kind: 'broken' | 'unreadable'
  origin: string
  detail: string
}): Report {
  const { kind, origin, detail } = head
  const empty = { origin, size: 0, root: '', checked: { from: 0, to: 0 }, erased: [] }
  return kind === 'broken'
    ? {
        ...empty,
        verdict: 'broken',
        firstBad: { index: 0, step: 'checkpoint', detail },
        badCount: 1,
        unproven: [],
      }
    : { ...empty, verdict: 'unproven', badCount: 0, unproven: [{ what: 'checkpoint', detail }] }
}
