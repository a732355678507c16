/** `/metrics`: what was counted so far, and what is read at the moment of a scrape. */
import type { FastifyInstance } from 'fastify'
import { isAccessLedger } from '../ledger/ledger-name.ts'
import { sampleProcess } from '../metrics/process-samples.ts'
import { opensIndex } from '../roles.ts'
import type { Services } from '../services.ts'
import { metricsAnswer } from './answers/admin-answers.ts'

const ADMISSION_STATES = ['open', 'disk-reserve', 'disk-unreadable', 'stopping'] as const
const LEDGER_STATES = ['open', 'closed', 'deleted', 'blocked'] as const

export function metricsRoute(app: FastifyInstance, services: Services): void {
  const { metrics, version } = services
  metrics.registry.value('trailproof_build_info', version, process.version).set(1)
  app.get(
    '/metrics',
    {
      config: { isProbe: true },
      schema: {
        tags: ['operations'],
        summary: 'Metrics in Prometheus’ text format (docs/metrics.md).',
        response: { 200: metricsAnswer },
      },
    },
    async (_, reply) => {
      sampleLedgers(services)
      await sampleQueues(services)
      sampleProcess(metrics.registry)
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(metrics.registry.render())
    },
  )
}

function sampleLedgers({ ledgers, metrics, roles, now }: Services): void {
  const { registry } = metrics
  for (const name of [
    'trailproof_ledger_size',
    'trailproof_index_lag_entries',
    'trailproof_index_lag_seconds',
  ] as const)
    registry.clear(name)
  const states = { open: 0, closed: 0, deleted: 0, blocked: 0 }
  const nowMs = now()
  for (const { info, size, indexedSize, lag } of ledgers.all()) {
    states[info.state.kind]++
    const label = metrics.ledgerLabel(info.name)
    if (!isAccessLedger(info.name)) metrics.expectRecords(info.name)
    registry.value('trailproof_ledger_size', label).add(size)
    // A ledger that is not started is not indexed either; /readyz and trailproof_ledgers tell of it.
    const isLate = opensIndex(roles) && info.state.kind !== 'blocked'
    registry.value('trailproof_index_lag_entries', label).add(isLate ? Math.max(0, size - indexedSize) : 0)
    const seconds = registry.value('trailproof_index_lag_seconds', label)
    seconds.set(Math.max(seconds.current, isLate ? lag.seconds(nowMs) : 0))
  }
  for (const state of LEDGER_STATES) registry.value('trailproof_ledgers', state).set(states[state])
}

async function sampleQueues(services: Services): Promise<void> {
  const { metrics, sequencer, settings, admission, directory, tails, exports, accessLog, threads } = services
  const { registry } = metrics
  registry.value('trailproof_waiting_records').set(sequencer.waitingRecords)
  registry.value('trailproof_waiting_records_max').set(settings.waiting_records_max)
  registry.value('trailproof_waiting_bytes').set(sequencer.waitingBytes)
  registry.value('trailproof_tail_sessions').set(tails.count)
  registry.value('trailproof_tail_sessions_max').set(settings.tail_sessions_max)
  registry.value('trailproof_export_sessions').set(exports.count)
  registry.value('trailproof_export_sessions_max').set(settings.exports_max)
  registry.value('trailproof_access_repeats_counted').set(accessLog.counted)
  registry.value('trailproof_quarantine_records_max').set(settings.quarantine_records_max)
  registry.value('trailproof_disk_free_bytes').set(admission.freeBytes)
  registry.value('trailproof_disk_reserve_bytes').set(settings.disk_reserve_mib * 2 ** 20)
  for (const state of ADMISSION_STATES)
    registry.value('trailproof_admission', state).set(admission.state === state ? 1 : 0)
  // Before the question below, which would itself be one that waits.
  for (const [thread, waiting] of threads())
    registry.value('trailproof_thread_calls_waiting', thread).set(waiting)
  registry.value('trailproof_intake_waiting_messages').set((await services.intakeLag()) ?? 0)
  // A database that is away is told by /readyz; the last figure stays.
  const quarantined = await directory.quarantineSize().catch(() => undefined)
  if (quarantined !== undefined) registry.value('trailproof_quarantined_records').set(quarantined)
}
