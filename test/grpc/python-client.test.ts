/**
 * A client in another language, generated from the proto by other people's tools: protoc with gRPC's Python
 * plugin. The tools come from Debian (`.ci/run` installs them); without them this fails, it does not skip.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { ADMIN_TOKEN, testServer } from '../support/test-server.ts'

const run = promisify(execFile)
/** Not whichever comes first in PATH: the packages belong to the system's. */
const PYTHON = '/usr/bin/python3'
const SCRIPT = join(import.meta.dirname, 'python/client.py')
const TIMEOUT_MS = 30_000
const stubs = mkdtempSync(join(tmpdir(), 'trailproof-python-'))

beforeAll(async () => {
  const set = join(stubs, 'set.binpb')
  // buf brings the files of google.protobuf along, so that protoc needs none of its own.
  await run('buf', ['build', 'proto', '--as-file-descriptor-set', '-o', set])
  const { stdout: plugin } = await run('which', ['grpc_python_plugin'])
  await run('protoc', [
    `--descriptor_set_in=${set}`,
    `--plugin=protoc-gen-grpc_python=${plugin.trim()}`,
    `--python_out=${stubs}`,
    `--grpc_python_out=${stubs}`,
    'audit/v1/audit.proto',
    'google/rpc/status.proto',
    'google/rpc/error_details.proto',
  ])
  return () => rmSync(stubs, { recursive: true })
})

async function callAll(url: string, ...more: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run(PYTHON, [SCRIPT, new URL(url).host, ADMIN_TOKEN, ...more], {
    env: { ...process.env, PYTHONPATH: stubs },
    timeout: TIMEOUT_MS,
  })
  return JSON.parse(stdout) as Record<string, unknown>
}

const ID = '0198319c-2a3d-7abc-8def-0123456789ab'
const EXPECTED = {
  logged: 'recorded',
  again: 'duplicate',
  checkpoint: expect.stringMatching(/^trailproof\.invalid\/[^\n]+\/main\n1\n/),
  recorded: 50,
  indexed: true,
  proofs: 50,
  streamed: [
    ['0', 10],
    ['1', 10],
    ['2', 10],
  ],
  tailed: 50,
  found: ['u-7'],
  // What a double cannot hold comes back as text, exactly (`entry.coerced` names it).
  metadata: { amount: '12345678901234567890', currency: 'EUR' },
  time: '2026-01-31T12:00:00.123Z',
  listed: [ID],
  proof: 'c2sp.org/tlog-proof@v1',
  leaf_bytes: 89,
  no_key: { code: 'UNAUTHENTICATED', reason: 'UNAUTHORIZED', details: ['ErrorInfo'] },
  bad_record: {
    code: 'INVALID_ARGUMENT',
    reason: 'INVALID_RECORD',
    details: ['ErrorInfo', 'BadRequest'],
  },
  deadline: 'DEADLINE_EXCEEDED',
}

test('a generated Python client calls every RPC', async () => {
  const server = await testServer()
  expect(await callAll(server.url)).toEqual(EXPECTED)
})

test('the same over TLS', async () => {
  const cert = 'test/fixtures/tls-cert.pem'
  const server = await testServer({ tls_cert: cert, tls_key: 'test/fixtures/tls-key.pem' })
  expect(await callAll(server.url, cert)).toEqual(EXPECTED)
})

test('where there is no room, it is told that the server is unavailable', async () => {
  const server = await testServer({ disk_reserve_mib: 1_000_000_000 })
  const refused = await callAll(server.url).catch((error: { stderr: string }) => error.stderr)
  expect(refused).toContain('UNAVAILABLE')
})
