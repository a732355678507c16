/** pino, in both directions: its lines become log records of the trail they are written in, and trails become its lines. */
import { recordLog } from '../audit/log.ts'
import { type RecorderChoice, recorderOf } from '../recorder/default-recorder.ts'
import type { Sink } from '../sinks/sink.ts'

type Members = Readonly<Record<string, unknown>>

/** pino's numbers. */
const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}

/**
 * A destination for pino. In this process, not in a transport's thread: there it would know no trail.
 *
 *     const logger = pino({}, pinoDestination())
 */
export function pinoDestination(choice?: RecorderChoice): { write(line: string): void } {
  const recorder = recorderOf(choice)
  return {
    write(line) {
      const parsed = parsedLine(line)
      if (parsed === undefined) {
        recordLog(recorder, { severity: 'info', message: line.trimEnd(), fields: {} })
        return
      }
      const { level, time, msg, err, pid: _pid, hostname: _hostname, ...fields } = parsed
      recordLog(recorder, {
        severity: typeof level === 'number' ? (LEVELS[level] ?? String(level)) : textOf(level, 'info'),
        message: msg ?? '',
        fields,
        ...(err !== undefined && { thrown: err }),
        ...(typeof time === 'number' && { atMs: time }),
      })
    },
  }
}

/** What is used of pino's logger. */
export interface PinoLogger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A sink that writes each record as a line of `logger`, under `trail`, `event` or `log`. */
export function pinoSink(logger: PinoLogger): Sink {
  return {
    name: 'pino',
    write(batch) {
      for (const { kind, line } of batch) {
        const record = JSON.parse(line) as Members
        const { severity } = record
        const level =
          severity === 'error' || severity === 'fatal' ? 'error' : severity === 'warn' ? 'warn' : 'info'
        logger[level]({ [kind]: record }, messageOf(record))
      }
      return Promise.resolve(batch.map(() => ({ kind: 'written' as const })))
    },
    close: () => Promise.resolve(),
  }
}

/** What people read first of a record. */
export function messageOf({ message, action, request, outcome }: Members): string {
  if (typeof message === 'string') return message
  const { method, path } = (request ?? {}) as Members
  const what = textOf(action, `${textOf(method)} ${textOf(path)}`.trim())
  return `${what} ${textOf(outcome)}`.trim()
}

function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}

function parsedLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined // pretty printed, or something else's
  }
}
