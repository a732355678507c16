import { expect, test } from 'vitest'
import { createAudit } from '../audit/audit.ts'
import { createLog } from '../audit/log.ts'
import { fileSink } from '../sinks/file-sink.ts'
import { memorySink } from '../sinks/memory-sink.ts'
import { createRecorder, defaultRecorder, recorderOf } from './default-recorder.ts'
import { type RecorderOptions, resolveOptions } from './options.ts'

test.each([
  [{ delivery: 'dsik' }, 'delivery is one of async, disk, ack'],
  [{ delivery: 'disk' }, 'delivery: disk needs queue.spoolDirectory'],
  [{ onUndelivered: 'spool' }, 'onUndelivered: spool needs queue.spoolDirectory'],
  [{ onUndelivered: 'never' }, 'onUndelivered is one of'],
  [{ traceIdHeader: 'x trace' }, 'traceIdHeader is the name of a header'],
  [{ requestIdHeader: '' }, 'requestIdHeader'],
  [{ capture: { trustedProxies: -1 } }, 'capture.trustedProxies'],
  [{ capture: { trustedProxies: Number.NaN } }, 'capture.trustedProxies'],
  [{ capture: { requestBodyBytesMax: 65_537 } }, 'capture.requestBodyBytesMax'],
  [{ service: 5 }, 'service is a text'],
  [{ environment: 'x'.repeat(513) }, 'environment is a text'],
  [{ sampling: { slowMs: Number.NaN } }, 'sampling.slowMs'],
  [{ contextKey: 'short' }, 'contextKey'],
])('%j is refused at the start', (options, message) => {
  expect(() => resolveOptions(options as never, {})).toThrow(message)
})

test('the environment fills in what options do not say', () => {
  const options = resolveOptions(
    { environment: 'test' },
    {
      TRAILPROOF_SERVICE: 'orders',
      NODE_ENV: 'production',
      TRAILPROOF_URL: 'http://h',
      TRAILPROOF_TOKEN: 't',
      TRAILPROOF_SPOOL: '/s',
    },
  )
  expect(options.producer).toMatchObject({ service: 'orders', environment: 'test' })
  expect(options.server).toEqual({ url: 'http://h', key: 't' })
  expect(options.queue.spoolDirectory).toBe('/s')
})

test('events and lines go with the trail that they are in, to its recorder and under its rules', async () => {
  const [first, own] = [memorySink(), memorySink()]
  const processWide = createRecorder({ sink: first, collect: false })
  const recorder = createRecorder({ sink: own, collect: false, redaction: { names: ['customerNumber'] } })
  expect(defaultRecorder()).toBe(processWide)
  const trail = recorder.openTrail()
  await trail.run(async () => {
    await createAudit().event('order.created', { target: { id: '1' }, metadata: { customerNumber: 'C-1' } })
    createLog().info('made')
  })
  await createAudit().event('elsewhere.done', {})
  await Promise.all([recorder.flush(), processWide.flush()])
  expect(own.records.map(({ kind }) => kind)).toEqual(['event', 'log'])
  expect(own.records[0]).toMatchObject({ metadata: { customerNumber: '***' } })
  expect(first.records).toMatchObject([{ action: 'elsewhere.done' }])
  await processWide.close()
  expect(defaultRecorder()).not.toBe(processWide)
})

test('the same options are the same recorder, however often they are given', () => {
  const options = { sink: memorySink(), collect: false }
  expect(recorderOf(options)).toBe(recorderOf(options))
})

test('an option that is undefined is one that is not given, for those whose types are exact, too', () => {
  const unset: RecorderOptions = {
    service: undefined,
    sink: undefined,
    delivery: undefined,
    redaction: { names: undefined, rules: undefined, detect: undefined, hashKey: undefined, mask: undefined },
    sampling: { rate: undefined, routes: undefined, keepErrors: undefined, slowMs: undefined },
    capture: {
      requestBody: undefined,
      requestBodyBytesMax: undefined,
      trustedProxies: undefined,
      ignore: undefined,
    },
    queue: { recordsMax: undefined, spoolDirectory: undefined, maxAgeMs: undefined },
    contextHosts: undefined,
    propagate: undefined,
  }
  const [given, none] = [resolveOptions(unset), resolveOptions({})]
  expect(given.producer).toEqual(none.producer)
  expect(given.mask).toBe('***')
  expect({ ...given.capture, ignore: 0 }).toEqual({ ...none.capture, ignore: 0 })
  expect(given.sampling.keepsAll).toBe(true)
  expect(given.redaction?.isSecretName('password')).toBe(true)
  const file = fileSink({ path: 'unused.log', bytesMax: undefined, filesMax: undefined, mode: undefined })
  expect(file.name).toContain('unused.log')
})
