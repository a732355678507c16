// What the SDK does on a Node of any version that it supports; plain JavaScript, as applications run what is published.
// Each part prints one line of JSON, or what it is asked for.
import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import { readFileSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'

const [part, ...rest] = process.argv.slice(2)
const PARTS = { imports, http, context, ids, 'spool-write': spoolWrite, 'spool-send': spoolSend, server }
const answer = await PARTS[part](...rest)
if (answer !== undefined) console.log(JSON.stringify(answer))

/** How long the first import takes, in ms, and how many names each export has. */
async function imports() {
  const started = performance.now()
  await import('@trailproof/sdk')
  const importMs = Math.round((performance.now() - started) * 10) / 10
  const manifest = createRequire(import.meta.url).resolve('@trailproof/sdk/package.json')
  const names = {}
  for (const path of Object.keys(JSON.parse(readFileSync(manifest, 'utf8')).exports))
    if (!path.endsWith('.json'))
      names[path] = Object.keys(await import(`@trailproof/sdk${path.slice(1)}`)).length
  return { node: process.version, importMs, names }
}

/** Serves requests whose trails go to stdout, and ends. */
async function http() {
  const { createRecorder, currentTrail, log, traceStep } = await import('@trailproof/sdk')
  const { recordServer } = await import('@trailproof/sdk/http')
  const recorder = createRecorder({ service: 'smoke' })
  const app = recordServer(
    createServer((request, response) => {
      traceStep('answer', () => log.info('answering', { url: request.url }))
      request.resume().on('end', () => response.end(currentTrail().traceId))
    }),
    recorder,
  )
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  const url = `http://127.0.0.1:${app.address().port}`
  const answers = []
  for (let n = 0; n < 20; n++) {
    const body = JSON.stringify({ n, password: 'hunter2' })
    const response = await fetch(`${url}/orders/${n}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
    answers.push(await response.text())
  }
  app.closeAllConnections()
  app.close()
  await recorder.close()
  return { ids: answers }
}

/** Which ways of running later keep the trail. */
async function context() {
  const { bindTrail, createRecorder, currentTrail, memorySink, runOutside } = await import('@trailproof/sdk')
  const recorder = createRecorder({ service: 'smoke', sink: memorySink() })
  const emitter = new EventEmitter()
  const ways = {
    timer: (call) => setTimeout(() => call(), 1),
    immediate: (call) => setImmediate(() => call()),
    microtask: (call) => queueMicrotask(() => call()),
    tick: (call) => process.nextTick(() => call()),
    promise: (call) => void Promise.resolve().then(() => call()),
    async: async (call) => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      call()
    },
    stream: (call) =>
      Readable.from(['a'])
        .on('end', () => call())
        .resume(),
    file: (call) => void readFile(import.meta.filename).then(() => call()),
    bound: (call) => {
      const bound = bindTrail(call)
      runOutside(() => emitter.once('event', bound))
      new AsyncLocalStorage().run(1, () => runOutside(() => emitter.emit('event')))
    },
  }
  const kept = {}
  for (const [name, later] of Object.entries(ways)) {
    const trail = recorder.openTrail()
    kept[name] = await new Promise((resolve) => {
      void trail.run(() => later(() => resolve(currentTrail() === trail)))
    })
    void trail.finish()
  }
  kept.outside = currentTrail() === undefined
  await recorder.close()
  return kept
}

/** Ids of many records, made as fast as it goes. */
async function ids() {
  const { createRecorder, memorySink } = await import('@trailproof/sdk')
  const sink = memorySink()
  const recorder = createRecorder({ service: 'smoke', sink })
  for (let n = 0; n < 2_000; n++) void recorder.openTrail().finish()
  await recorder.close()
  return sink.records.map(({ id, trace_id, span_id, request_id }) => ({ id, trace_id, span_id, request_id }))
}

/** Says of which records it is sure that they are on disk, one id a line, until it is killed; nobody takes them. */
async function spoolWrite(spoolDirectory) {
  const { createRecorder, serverSink } = await import('@trailproof/sdk')
  const sink = serverSink({ url: 'http://127.0.0.1:1' })
  const recorder = createRecorder({ service: 'smoke', sink, delivery: 'disk', queue: { spoolDirectory } })
  setInterval(() => undefined, 60_000)
  for (;;) {
    const trail = recorder.openTrail({ action: 'job.run' })
    const safe = await trail.finish()
    if (safe.kind !== 'failed') writeSync(1, `${trail.id}\n`)
  }
}

/** Sends what others have left. */
async function spoolSend(spoolDirectory, url, key) {
  const { createRecorder, serverSink } = await import('@trailproof/sdk')
  const recorder = createRecorder({
    service: 'smoke',
    sink: serverSink({ url, key }),
    queue: { spoolDirectory },
  })
  const { delivery } = recorder
  while (delivery.counters.replayed === 0 || (delivery.status().spool?.records ?? 0) > 0)
    await new Promise((resolve) => setTimeout(resolve, 5))
  await recorder.close()
  const { replayed, written, dropped } = delivery.counters
  return { replayed, written, dropped }
}

/** Records of all kinds to a server, each with its receipt, with both compressions. */
async function server(url, key) {
  const { createAudit, createRecorder, serverSink } = await import('@trailproof/sdk')
  const outcomes = []
  for (const compress of ['gzip', 'zstd', 'none']) {
    const sink = serverSink({ url, key, compress })
    const recorder = createRecorder({ service: 'smoke', sink, delivery: 'ack' })
    const trail = recorder.openTrail({ action: 'job.run' })
    trail.setMetadata({ text: 'x'.repeat(5_000) })
    const { receipt } = await trail.finish()
    const event = await createAudit({}, recorder).event('payment.created', { target: { id: 'p-1' } })
    const { kind, size } = await sink.recheck(event.receipt)
    outcomes.push({ trail: receipt.status, event: event.receipt.status, recheck: kind, size })
    await recorder.close()
  }
  return outcomes
}
