import { parseVerifierKey, type VerifierKey } from '@trailproof/core'
import { sha256, verifyEd25519 } from '@trailproof/server/ports'
import { type ExportReport, verifyExport } from '@trailproof/verify'
import { expect, test } from 'vitest'
import { type TestServer, testServer } from '../support/test-server.ts'

const record = (n: number, more: Record<string, unknown> = {}) => ({
  action: n % 3 === 0 ? 'payment.created' : 'order.placed',
  service: 'shop',
  actor: { type: 'user', id: `u-${n % 5}` },
  message: `said "}" and \\ ${n}`,
  ...more,
})

/** A server with `count` records. */
async function serverWith(count: number, settings: Record<string, unknown> = {}): Promise<TestServer> {
  const server = await testServer(settings)
  await ingest(server, count)
  return server
}

async function ingest(server: TestServer, count: number, first = 0): Promise<void> {
  for (let at = 0; at < count; at += 5000) {
    const records = Array.from({ length: Math.min(5000, count - at) }, (_, i) => record(first + at + i))
    expect((await server.post('/v1/events', records)).status).toBe(200)
  }
}

async function verifierKey(server: TestServer, ledger = 'main'): Promise<VerifierKey> {
  const { verifier_keys } = await server.get<{ verifier_keys: string[] }>(`/v1/ledgers/${ledger}`)
  const parsed = parseVerifierKey(verifier_keys[0]!, sha256)
  if (parsed.kind === 'problem') throw new Error(parsed.problem)
  return parsed.key
}

async function exported(server: TestServer, query = ''): Promise<string> {
  const response = await server.fetch(`/v1/export${query}`)
  const text = await response.text()
  expect(response.status, text.slice(0, 500)).toBe(200)
  return text
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')

function verify(lines: readonly string[], ...keys: readonly VerifierKey[]): Promise<ExportReport> {
  async function* each(): AsyncGenerator<string> {
    yield* lines
  }
  return verifyExport(each(), { verifierKeys: keys, sha256, verifyEd25519 })
}

test.each([
  ['', 1500, 0],
  ['?from_index=300&to_index=1100', 800, 0],
  ['?from_index=256&to_index=512', 256, 0],
  ['?from_index=7&to_index=8', 1, 0],
  ['?from_index=5&to_index=5', 0, 0],
  ['?from_index=1499', 1, 0],
  ['?q=action:payment.*', 500, 1000],
  ['?q=action:payment.*&from_index=301&to_index=1102', 267, 534],
  ['?action=no.such', 0, 1500],
  ['?q=actor:u-1%20-action:payment.*&last=1h', 200, 1300],
  ['?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z', 1500, 0],
])('an export of %s is intact', async (query, shown, withheld) => {
  const server = await serverWith(1500)
  const report = await verify(linesOf(await exported(server, query)), await verifierKey(server))
  expect(report).toMatchObject({ verdict: 'intact', shown, withheld, erased: 0, badCount: 0, unproven: [] })
})
