/** Records as the SDK makes them, with something in every field that it knows. */
import { createAudit, createLog, createRecorder } from '@trailproof/sdk'
import type { SealedRecord } from '../../../packages/sdk/src/delivery/sealed-record.ts'

const SECRETS = { password: 'hunter2', card: '4111111111111111' }

/** A trail, an abandoned one, an event and log lines, in the order of their stream. */
export async function recordedByTheSdk(): Promise<SealedRecord[]> {
  const records: SealedRecord[] = []
  const recorder = createRecorder({
    service: 'orders',
    environment: 'test',
    serviceVersion: '1.2.3',
    collect: false,
    sink: {
      name: 'keeping',
      write(batch) {
        records.push(...batch)
        return Promise.resolve(batch.map(() => ({ kind: 'written' as const })))
      },
      close: () => Promise.resolve(),
    },
  })
  const trail = recorder.openTrail({ causationId: 'c-1' }, (name) =>
    name === 'traceparent' ? '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' : undefined,
  )
  trail.setActor({
    type: 'user',
    id: 'u-1',
    name: 'Ünï 日本 😀',
    email: 'a@example.com',
    roles: ['admin', 'ops'],
    auth: { method: 'oidc', mfa: true, key_id: 'k' },
    on_behalf_of: { id: 'u-2' },
  })
  trail.addTarget({ type: 'order', id: '42', parent: { type: 'shop', id: '7' } })
  trail.addTarget({ id: 'second' })
  trail.addChange({ path: '/status', old: null, new: { deep: [1, 2.5, -0.001, 1e21, '1e21'] } })
  trail.addChange({ path: '', new: 'all of it' })
  trail.setLabel('region', 'eu')
  trail.setLabel('retries', 3)
  trail.setLabel('canary', false)
  trail.setMetadata({ 10: 'ten', 9: 'nine', text: 'line\nbreak \u2028', nothing: null, ...SECRETS })
  trail.setSession('s-1')
  trail.setMessage('a sentence')
  trail.traceStep('price', () =>
    trail.addIntegration({ type: 'http', name: 'GET bank', latencyMs: 2.125, error: new Error('down') }),
  )
  trail.addError(new Error('boom'), { code: 'E1' })
  trail.setRequest({ method: 'POST', path: '/orders', body: 'x'.repeat(70_000) })
  trail.setResponse({ status: 502, headers: { 'content-type': ['text/plain'] } })
  void trail.finish()
  void recorder.openTrail().abandon({ code: 'client_disconnected', message: 'gone' })
  const audit = createAudit({}, recorder)
  void audit.denied('payment.created', {
    reason: 'limit',
    target: { id: 'p-1' },
    metadata: { amount: '12.50' },
  })
  void audit.event('thing.done', {})
  createLog({ recorder }).warn('a line', { error: new TypeError('odd') })
  await recorder.close()
  return records
}
