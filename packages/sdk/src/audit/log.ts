/** Application log lines, the third tier: they carry the ids of the trail that they are written in. */
import { currentTrail } from '../recorder/current-trail.ts'
import { type RecorderChoice, recorderOf } from '../recorder/default-recorder.ts'
import { eventDraft } from '../recorder/draft.ts'
import { errorOf, Snapshots } from '../recorder/snapshot.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'notice', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Writes a line. An `error` or `err` among the fields becomes the record's error. Never throws. */
export type WriteLog = (message: string, fields?: Readonly<Record<string, unknown>>) => void

export type Log = Readonly<Record<LogLevel, WriteLog>> & {
  /** A log whose lines all carry these fields too. */
  with(fields: Readonly<Record<string, unknown>>): Log
}

export interface LogOptions {
  /** Lines below this level are not made. Default `trace`: all are. */
  readonly level?: LogLevel
  readonly recorder?: RecorderChoice
}

export function createLog({ level = 'trace', recorder }: LogOptions = {}): Log {
  return logWith({}, LOG_LEVELS.indexOf(level), recorder)
}

/** The log of the process. */
export const log: Log = createLog()

function logWith(fields: Readonly<Record<string, unknown>>, from: number, choice: RecorderChoice): Log {
  const writers = LOG_LEVELS.map((level, i): [LogLevel, WriteLog] => [
    level,
    i < from ? () => undefined : (message, more) => write(choice, level, message, { ...fields, ...more }),
  ])
  return {
    ...(Object.fromEntries(writers) as Record<LogLevel, WriteLog>), // one for each level
    with: (more) => logWith({ ...fields, ...more }, from, choice),
  }
}

function write(
  choice: RecorderChoice,
  severity: LogLevel,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): void {
  const recorder = recorderOf(choice)
  try {
    const snapshots = new Snapshots()
    const { error, err, ...rest } = fields
    const thrown = error ?? err
    const trail = currentTrail()
    const text = snapshots.take(message, '/message')
    const draft = eventDraft(recorder.options.producer, {
      kind: 'log',
      message: typeof text === 'string' ? text : JSON.stringify(text ?? null),
      metadata: Object.keys(rest).length === 0 ? undefined : snapshots.take(rest, '/metadata'),
      severity,
      actor: trail?.parts.actor,
      requestId: trail?.requestId,
      spanId: trail?.spanId,
      traceId: trail?.traceId,
      errors: thrown === undefined ? undefined : [{ ...errorOf(thrown), source: 'log' }],
      truncated: snapshots.cuts,
    })
    void recorder.record(draft, 'async')
  } catch (error) {
    recorder.fault('log', error)
  }
}
