/** What commands get from the process they run in; made in `main.ts` and nowhere else. */
import type { ReadStream, WriteStream } from 'node:tty'

export interface Context {
  readonly version: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: ReadStream
  readonly stdout: WriteStream
  readonly stderr: WriteStream
  /** ms since 1970. */
  readonly now: () => number
  /** Sets what the process will end with; a command that fails throws instead. */
  readonly exitWith: (code: number) => void
}
