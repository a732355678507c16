/** Where the server's log goes: stderr, as JSON lines for machines, as short lines for a person at a terminal. */
import { type DestinationStream, type Logger, pino } from 'pino'
import type { Context } from '../context.ts'
import { type Paint, painterOf, printable } from '../terminal/paint.ts'

export function serverLog({ stderr }: Context, level: string): Logger {
  const paint = painterOf(stderr)
  const destination: DestinationStream = stderr.isTTY
    ? { write: (line) => stderr.write(prettyLine(line, paint)) }
    : { write: (line) => stderr.write(line) }
  return pino({ level }, destination)
}

const LEVELS: Readonly<Record<number, readonly [string, Parameters<Paint>[0]]>> = {
  10: ['trace', 'dim'],
  20: ['debug', 'dim'],
  30: ['info', 'cyan'],
  40: ['warn', 'yellow'],
  50: ['error', 'red'],
  60: ['fatal', ['bold', 'red']],
}
const UNSHOWN = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err', 'reqId'])

/** `12:00:00.000 warn  text  name=value`, and the stack of an error below it. */
function prettyLine(line: string, paint: Paint): string {
  const fields = JSON.parse(line) as Record<string, unknown> // written by pino a moment ago
  const time = new Date(Number(fields['time'])).toISOString().slice(11, 23)
  const [name, style] = LEVELS[Number(fields['level'])] ?? ['log', 'dim']
  const rest = Object.entries(fields)
    .filter(([key]) => !UNSHOWN.has(key))
    .map(([key, value]) => paint('dim', `${key}=`) + printable(textOf(value)))
  const error = fields['err'] as { stack?: unknown; message?: unknown } | undefined
  const stack = error === undefined ? '' : `${indent(String(error.stack ?? error.message))}\n`
  return `${paint('dim', time)} ${paint(style, name.padEnd(5))} ${[printable(textOf(fields['msg'] ?? '')), ...rest].join('  ')}\n${stack}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${printable(line)}`)
    .join('\n')
}
