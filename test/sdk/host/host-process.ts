/** A service in a process of its own, which tells how it is when it is asked. Started by `start-host.ts`. */
import { subscribe } from 'node:diagnostics_channel'
import { DIAGNOSTICS_CHANNEL, type Diagnostic } from '@trailproof/sdk'
import { recorderWith } from './faults.ts'
import { startService } from './services.ts'
import type { HostReport, HostSettings } from './start-host.ts'

const settings = JSON.parse(process.argv[2]!) as HostSettings
let uncaught = 0
const told: Record<string, number> = {}
process.on('unhandledRejection', (error) => {
  uncaught++
  console.error('unhandled', error)
})
process.on('uncaughtException', (error) => {
  uncaught++
  console.error('uncaught', error)
})
subscribe(DIAGNOSTICS_CHANNEL, (message) => {
  const { kind } = message as Diagnostic
  told[kind] = (told[kind] ?? 0) + 1
  if (kind === 'fault') console.error('fault', message)
})

// The test is gone.
process.on('disconnect', () => process.exit())

const recorder = recorderWith(settings.fault, settings, settings.options)
const service = await startService(settings.framework, recorder)

process.on('message', (question) => {
  if (question === 'close') {
    void service
      .close()
      .then(() => recorder?.close(100))
      .then(() => process.exit())
    return
  }
  const { gc } = globalThis as { gc?: () => void }
  for (let n = 0; n < 3; n++) gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const report: HostReport = {
    uncaught,
    told,
    memoryBytes: heapUsed + external,
    rssBytes: rss,
    recorder: recorder && { ...recorder.counters, open: recorder.openTrails },
    delivery: recorder && { ...recorder.delivery.counters, ...recorder.delivery.status() },
  }
  process.send!(JSON.parse(JSON.stringify(report)))
})
process.send!({ port: service.port })
