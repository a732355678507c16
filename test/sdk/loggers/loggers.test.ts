import { createRecorder, memorySink } from '@trailproof/sdk'
import { pinoDestination, pinoSink } from '@trailproof/sdk/pino'
import { winstonSink, winstonTransport } from '@trailproof/sdk/winston'
import pino from 'pino'
import { describe, expect, test } from 'vitest'
import winston from 'winston'

function recording() {
  const sink = memorySink()
  const recorder = createRecorder({ sink, service: 'orders' })
  const records = async () => {
    await recorder.flush()
    return sink.records
  }
  return { recorder, records }
}

type Recorder = ReturnType<typeof recording>['recorder']
const LOGGERS: Readonly<Record<string, (recorder: Recorder) => Pick<pino.Logger, 'warn' | 'error'>>> = {
  pino: (recorder) => pino({}, pinoDestination(recorder)),
  winston: (recorder) => winston.createLogger({ transports: [winstonTransport(recorder)] }),
}

test.each(Object.entries(LOGGERS))(
  'a line of %s is a log record of its trail, masked',
  async (name, make) => {
    const { recorder, records } = recording()
    const logger = make(recorder)
    const trail = recorder.openTrail()
    trail.run(() => {
      if (name === 'pino') logger.warn({ table: 'users', password: 'x' }, 'slow query')
      else (logger as unknown as winston.Logger).warn('slow query', { table: 'users', password: 'x' })
    })
    while ((await records()).length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(await records()).toMatchObject([
      {
        kind: 'log',
        severity: 'warn',
        message: 'slow query',
        metadata: { table: 'users', password: '***' },
        trace_id: trail.traceId,
      },
    ])
  },
)

test.each(Object.entries(LOGGERS))('an error in a line of %s is in its record', async (name, make) => {
  const { recorder, records } = recording()
  const logger = make(recorder)
  if (name === 'pino') logger.error({ err: new TypeError('no such table') }, 'query failed')
  else (logger as unknown as winston.Logger).error('query failed', { error: new TypeError('no such table') })
  while ((await records()).length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(await records()).toMatchObject([
    { message: 'query failed', severity: 'error', errors: [{ message: 'no such table', source: 'log' }] },
  ])
})

describe('records as lines', () => {
  test('of pino', async () => {
    const lines: string[] = []
    const logger = pino({}, { write: (line: string) => void lines.push(line) })
    const recorder = createRecorder({ sink: pinoSink(logger) })
    void recorder.openTrail({ action: 'GET /orders/:id' }).finish()
    await recorder.flush()
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 30,
      msg: 'GET /orders/:id success',
      trail: { kind: 'trail', action: 'GET /orders/:id' },
    })
  })

  test('of winston', async () => {
    const lines: unknown[] = []
    const logger = { log: (entry: unknown) => void lines.push(entry) }
    const recorder = createRecorder({ sink: winstonSink(logger) })
    const trail = recorder.openTrail({ action: 'job.run' })
    trail.setOutcome('failure')
    void trail.finish()
    await recorder.flush()
    expect(lines).toMatchObject([{ level: 'error', message: 'job.run failure', kind: 'trail' }])
  })
})
