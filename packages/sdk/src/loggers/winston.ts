/** winston, in both directions: its lines become log records of the trail they are written in, and trails become its lines. */
import { Writable } from 'node:stream'
import { recordLog } from '../audit/log.ts'
import { type RecorderChoice, recorderOf } from '../recorder/default-recorder.ts'
import type { Sink } from '../sinks/sink.ts'
import { messageOf } from './pino.ts'

type Info = Readonly<Record<string, unknown>>

/** winston's words for what others call otherwise. */
const SEVERITIES: Readonly<Record<string, string>> = {
  http: 'info',
  verbose: 'debug',
  silly: 'trace',
  warning: 'warn',
  crit: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
}

/** A transport of winston: `createLogger({ transports: [winstonTransport()] })`. */
export function winstonTransport(
  choice?: RecorderChoice,
): Writable & { log(info: Info, done: () => void): void } {
  const recorder = recorderOf(choice)
  const log = (info: Info, done: () => void): void => {
    const { level, message, timestamp: _timestamp, error, err, stack, ...fields } = info
    const thrown = error ?? err ?? (typeof stack === 'string' ? { message, stack } : undefined)
    const word = typeof level === 'string' ? level : 'info'
    recordLog(recorder, {
      severity: SEVERITIES[word] ?? word,
      message: message ?? '',
      fields,
      ...(thrown !== undefined && { thrown }),
    })
    done()
  }
  const stream = new Writable({
    objectMode: true,
    write: (info: Info, _encoding, done) => log(info, done),
  })
  return Object.assign(stream, { log })
}

/** What is used of winston's logger. */
export interface WinstonLogger {
  log(entry: { readonly level: string; readonly message: string }): unknown
}

/** A sink that writes each record as a line of `logger`, its fields beside level and message. */
export function winstonSink(logger: WinstonLogger): Sink {
  return {
    name: 'winston',
    write(batch) {
      for (const { line } of batch) {
        const record = JSON.parse(line) as Info
        const { severity } = record
        const level =
          severity === 'error' || severity === 'fatal' ? 'error' : severity === 'warn' ? 'warn' : 'info'
        logger.log({ ...record, level, message: messageOf(record) })
      }
      return Promise.resolve(batch.map(() => ({ kind: 'written' as const })))
    },
    close: () => Promise.resolve(),
  }
}
