/** Application log lines, the third tier: they carry the ids of the trail that they are written in. */
import { currentTrail } from '../recorder/current-trail.ts'
import { currentRecorder, type RecorderChoice } from '../recorder/default-recorder.ts'
import { eventDraft } from '../recorder/draft.ts'
import type { Recorder } from '../recorder/recorder.ts'
import { errorOf, messageOf, Snapshots } from '../recorder/snapshot.ts'

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
  readonly level?: LogLevel | undefined
  readonly recorder?: RecorderChoice | undefined
}

export function createLog({ level = 'trace', recorder }: LogOptions = {}): Log {
  return logWith({}, LOG_LEVELS.indexOf(level), recorder)
}

/** The log of the process. */
export const log: Log = createLog()

function logWith(fields: Readonly<Record<string, unknown>>, from: number, choice: RecorderChoice): Log {
  const writers = LOG_LEVELS.map((level, i): [LogLevel, WriteLog] => [
    level,
    i < from
      ? () => undefined
      : (message, more) => write(choice, level, message, { ...fields, ...membersOf(more) }),
  ])
  return {
    ...(Object.fromEntries(writers) as Record<LogLevel, WriteLog>), // one for each level
    with: (more) => logWith({ ...fields, ...membersOf(more) }, from, choice),
  }
}

/** What is no object of members is one value: to take a text apart by its characters could take seconds. Never throws. */
function membersOf(fields: unknown): Readonly<Record<string, unknown>> {
  try {
    if (fields === undefined || fields === null) return {}
    if (typeof fields === 'object' && !Array.isArray(fields) && !ArrayBuffer.isView(fields))
      return { ...fields }
    return { value: fields }
  } catch (error) {
    return { value: `[unreadable: ${messageOf(error)}]` }
  }
}

function write(
  choice: RecorderChoice,
  severity: LogLevel,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): void {
  const { error, err, ...rest } = fields
  recordLog(currentRecorder(choice), { severity, message, fields: rest, thrown: error ?? err })
}

/** One line, from here or from another logger. */
export interface LogLine {
  /** A level, or the word another logger has for it. */
  readonly severity: string
  readonly message: unknown
  readonly fields: Readonly<Record<string, unknown>>
  /** An error, where there is one. */
  readonly thrown?: unknown
  /** When it was written, ms since 1970. Default: now. */
  readonly atMs?: number
}

/** Records a line as part of the trail that runs now. Never throws. */
export function recordLog(recorder: Recorder, { severity, message, fields, thrown, atMs }: LogLine): void {
  try {
    const snapshots = new Snapshots()
    const trail = currentTrail()
    const text = snapshots.take(message, '/message')
    const draft = eventDraft(recorder.options.producer, {
      kind: 'log',
      message: typeof text === 'string' ? text : JSON.stringify(text ?? null),
      metadata: Object.keys(fields).length === 0 ? undefined : snapshots.take(fields, '/metadata'),
      severity,
      actor: trail?.parts.actor,
      requestId: trail?.requestId,
      spanId: trail?.spanId,
      traceId: trail?.traceId,
      errors: thrown === undefined ? undefined : [{ ...errorOf(thrown), source: 'log' }],
      truncated: snapshots.cuts,
      ...(atMs !== undefined && { atMs }),
    })
    void recorder.record(draft, 'async')
  } catch (error) {
    recorder.fault('log', error)
  }
}
