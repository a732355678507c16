import { expect, test } from 'vitest'
import { type TestServer, testServer } from '../support/test-server.ts'

/** What the replaced systems send, as they send it (spec/record.md, "Aliases"). */
const SECURITY_EVENT = {
  timestamp: '2026-08-01T12:00:00Z',
  event_type: 'auth_attempt',
  service: 'auth-service',
  user_id: 'u-1',
  entity_id: 'e-2',
  request_id: 'r-3',
  ip_address: '10.0.0.1',
  user_agent: 'curl/8',
  resource: 'authentication',
  action: 'login',
  result: 'blocked',
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  span_id: '00f067aa0ba902b7',
  details: { reason: 'mfa' },
  error: 'invalid password',
}
const REQUEST_LOG = {
  service: 'gateway',
  level: 'warning',
  message: 'GET /users',
  method: 'GET',
  path: '/users',
  status: 404,
  duration_ms: 12,
  user_id: 'u-1',
  request_id: 'r-7',
}
const TRAIL = {
  trace_id: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
  request_id: 'r-9',
  service_name: 'orders',
  environment: 'production',
  request: {
    method: 'POST',
    path: '/orders',
    headers: { 'Content-Type': ['application/json'] },
    body: { sku: 'x' },
  },
  response: { status: 201, body: { id: 7 } },
  latency_ms: 40,
  internal_steps: [{ name: 'validate', request: {}, response: {}, latency_ms: 3 }],
  integrations: [{ type: 'http', name: 'GET bank/rates', response: { status: 200 }, latency_ms: 21 }],
  errors: [{ code: 'SLOW', message: 'bank was slow' }],
  metadata: { cart: 'c-1' },
  hash: 'abcd',
}
const LOG_LINE = { service: 'auth', level: 'error', message: 'User login attempt' }

async function filled(): Promise<TestServer> {
  const server = await testServer()
  expect((await server.post('/api/log', LOG_LINE)).body).toMatchObject({ message: 'Log recorded' })
  for (const record of [SECURITY_EVENT, REQUEST_LOG, TRAIL])
    expect((await server.post('/v1/events?wait=index', record)).status).toBe(200)
  return server
}

async function found(server: TestServer, path: string): Promise<(string | undefined)[]> {
  const { records } = await server.get<{ records: { service: string }[] }>(path)
  return records.map(({ service }) => service)
}

test('what the replaced systems sent is found by the names they gave it', async () => {
  const server = await filled()
  const asked: [string, string][] = [
    ['/logs?level=error', 'auth'],
    ['/logs?service=auth&level=error', 'auth'],
    ['/logs?event_type=auth_attempt', 'auth-service'],
    ['/logs?user_id=u-1&result=blocked', 'auth-service'],
    ['/logs?entity_id=e-2', 'auth-service'],
    ['/logs?resource=authentication&ip_address=10.0.0.1', 'auth-service'],
    ['/logs?status=404', 'gateway'],
    ['/logs?request_id=r-7', 'gateway'],
    ['/logs?q=duration_ms:12', 'gateway'],
    ['/logs?q=service_name:orders', 'orders'],
    ['/logs?q=step:validate%20integration:http', 'orders'],
    ['/logs?q=error:slow', 'orders'],
    ['/logs?q=details.reason:mfa', 'auth-service'],
    ['/logs?q=method:post%20path:/orders%20status:201', 'orders'],
    ['/logs?q=%22login%20attempt%22', 'auth'],
  ]
  const wrong: string[] = []
  for (const [path, service] of asked) {
    const services = await found(server, path)
    if (services.length !== 1 || services[0] !== service) wrong.push(`${path}: ${services.join()}`)
  }
  expect(wrong).toEqual([])
})

test('one that says all of it keeps all of it', async () => {
  const server = await filled()
  const { records } = await server.get<{ records: Record<string, unknown>[] }>('/v1/search?q=service:orders')
  expect(records[0]).toMatchObject({
    kind: 'trail',
    service: 'orders',
    latency_ms: 40,
    request: { method: 'POST', path: '/orders', body: { sku: 'x' } },
    response: { status: 201, body: { id: 7 } },
    internal_steps: [{ name: 'validate' }],
    integrations: [{ type: 'http', name: 'GET bank/rates' }],
    errors: [{ code: 'SLOW', message: 'bank was slow' }],
    metadata: { cart: 'c-1' },
    stream: { hash: 'abcd' },
  })
})
