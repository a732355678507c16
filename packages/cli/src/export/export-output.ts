/** Where an export goes: a file that is there only when it is whole, or stdout. */
import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { WriteStream } from 'node:tty'
import { usageFailure } from '../failure.ts'

export interface ExportOutput {
  write(bytes: Buffer): Promise<void>
  /** What was written up to this many bytes will not be taken back. */
  keep(bytes: number): Promise<void>
  /** Takes back what was written after this many bytes. */
  rewind(bytes: number): Promise<void>
  /** After the last write of an export that is whole. */
  finish(): Promise<void>
}

/** `<path>.partial` until it is whole: read, go on after, renamed. */
export class ExportFile implements ExportOutput, AsyncDisposable {
  readonly path: string
  readonly #file: FileHandle
  #bytes = 0

  private constructor(path: string, file: FileHandle) {
    this.path = path
    this.#file = file
  }

  /** `wx`: there must be none yet; `r+`: there must be one, and what it holds can be read. */
  static async open(path: string, flags: 'wx' | 'r+'): Promise<ExportFile> {
    try {
      return new ExportFile(path, await open(partialOf(path), flags, 0o600))
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      if (code === 'EEXIST')
        throw usageFailure(
          `${partialOf(path)} is there: an export that was not finished`,
          'go on with it by --resume, or delete it',
        )
      if (code === 'ENOENT' && flags === 'r+')
        throw usageFailure(`there is no ${partialOf(path)} to go on with`, 'leave out --resume')
      throw usageFailure(`cannot write ${partialOf(path)}: ${message}`)
    }
  }

  /** What an earlier run wrote. */
  read(): AsyncIterable<Buffer> {
    return this.#file.createReadStream({ autoClose: false, start: 0 }) as AsyncIterable<Buffer>
  }

  async write(bytes: Buffer): Promise<void> {
    const { bytesWritten } = await this.#file
      .write(bytes, 0, bytes.length, this.#bytes)
      .catch((cause: Error) => {
        const hint = `make room, and go on with: trailproof export --out ${this.path} --resume`
        throw usageFailure(`cannot write ${partialOf(this.path)}: ${cause.message}`, hint)
      })
    this.#bytes += bytesWritten
    if (bytesWritten < bytes.length) await this.write(bytes.subarray(bytesWritten))
  }

  async keep(): Promise<void> {
    // A file can take back anything.
  }

  async rewind(bytes: number): Promise<void> {
    await this.#file.truncate(bytes)
    this.#bytes = bytes
  }

  async finish(): Promise<void> {
    await this.#file.sync()
    await rename(partialOf(this.path), this.path)
    await using directory = await open(dirname(this.path), 'r')
    await directory.sync()
  }

  /** Leaves nothing behind: there is nothing to go on with. */
  async discard(): Promise<void> {
    await unlink(partialOf(this.path))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }
}

function partialOf(path: string): string {
  return `${path}.partial`
}

/** What was written to stdout is gone: pieces wait here until they are kept. */
export class ExportStdout implements ExportOutput {
  readonly #stdout: WriteStream
  #waiting: Buffer[] = []
  /** Bytes before those that wait. */
  #given = 0

  constructor(stdout: WriteStream) {
    this.#stdout = stdout
  }

  async write(bytes: Buffer): Promise<void> {
    this.#waiting.push(bytes)
  }

  async keep(bytes: number): Promise<void> {
    while (this.#waiting.length > 0 && this.#given < bytes) {
      const piece = this.#waiting.shift()!
      const now = piece.subarray(0, bytes - this.#given)
      if (now.length < piece.length) this.#waiting.unshift(piece.subarray(now.length))
      this.#given += now.length
      if (!this.#stdout.write(now)) await new Promise<void>((resolve) => this.#stdout.once('drain', resolve))
    }
  }

  async rewind(): Promise<void> {
    this.#waiting = []
  }

  finish(): Promise<void> {
    return this.keep(Number.POSITIVE_INFINITY)
  }
}
