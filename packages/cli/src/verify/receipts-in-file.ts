/** Receipts as people keep them: lines of `send --receipts`, proofs, or whole answers to POST /v1/events. */
import { createReadStream } from 'node:fs'
import { readJsonValues } from '../send/json-values.ts'

export interface KeptReceipt {
  /** Position in the file, from 1. */
  readonly number: number
  readonly value: unknown
  readonly checkpoint: string
}

/** What cannot be read is passed on as a text, which no receipt is. */
export async function* receiptsIn(path: string): AsyncGenerator<KeptReceipt> {
  let number = 0
  for await (const text of readJsonValues(createReadStream(path))) {
    const value = parsed(text)
    const { checkpoint, receipts } = value as { checkpoint?: unknown; receipts?: unknown }
    const note = typeof checkpoint === 'string' ? checkpoint : ''
    for (const receipt of Array.isArray(receipts) ? (receipts as unknown[]) : [value])
      yield { number: ++number, value: receipt, checkpoint: note }
  }
}

function parsed(text: string): object | string {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : text
  } catch {
    return text
  }
}
