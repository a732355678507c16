/** A server with records to export, and what its exports say. */
import { parseVerifierKey, type VerifierKey } from '@trailproof/core'
import { sha256, verifyEd25519 } from '@trailproof/server/ports'
import { type ExportReport, verifyExport } from '@trailproof/verify'
import { expect } from 'vitest'
import { type TestServer, testServer } from './test-server.ts'

const record = (n: number) => ({
  action: n % 3 === 0 ? 'payment.created' : 'order.placed',
  service: 'shop',
  actor: { type: 'user', id: `u-${n % 5}` },
  message: `said "}" and \\ ${n}${n % 7 === 0 ? ' – ünïcode 🙂' : ''}`,
})

/** A server with `count` records. */
export async function serverWith(count: number, settings: Record<string, unknown> = {}): Promise<TestServer> {
  const server = await testServer(settings)
  await ingest(server, count)
  return server
}

/** Adds records; the ids of the first ones. */
export async function ingest(server: TestServer, count: number, first = 0): Promise<readonly string[]> {
  const ids: string[] = []
  for (let at = 0; at < count; at += 5000) {
    const records = Array.from({ length: Math.min(5000, count - at) }, (_, i) => record(first + at + i))
    const { status, body } = await server.post('/v1/events', records)
    expect(status).toBe(200)
    if (at === 0) ids.push(...body.receipts.map(({ id }) => id))
  }
  return ids
}

export async function verifierKey(server: TestServer, ledger = 'main'): Promise<VerifierKey> {
  const { verifier_keys } = await server.get<{ verifier_keys: string[] }>(`/v1/ledgers/${ledger}`)
  const parsed = parseVerifierKey(verifier_keys[0]!, sha256)
  if (parsed.kind === 'problem') throw new Error(parsed.problem)
  return parsed.key
}

/** The whole answer of an export that must succeed. */
export async function exported(server: TestServer, query = ''): Promise<string> {
  const response = await server.fetch(`/v1/export${query}`)
  const text = await response.text()
  expect(response.status, text.slice(0, 500)).toBe(200)
  return text
}

/** Lines without their newlines. */
export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)

export const fileOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

/** The verdict on a file that is read in pieces of `pieceBytes`. */
export function verify(
  file: string | Uint8Array,
  keys: readonly VerifierKey[],
  pieceBytes = 1 << 16,
): Promise<ExportReport> {
  const bytes = typeof file === 'string' ? Buffer.from(file) : file
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
  }
  return verifyExport(pieces(), { verifierKeys: keys, sha256, verifyEd25519 })
}
