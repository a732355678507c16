/** The file that `send --receipts` keeps: one receipt a line, each with the checkpoint it was signed under. */
import { type FileHandle, open } from 'node:fs/promises'
import type { IngestAnswer } from '../api/answers.ts'
import { usageFailure } from '../failure.ts'

/** Receipts are only ever added: what is there from an earlier run stays. */
export class ReceiptFile implements AsyncDisposable {
  readonly #file: FileHandle

  private constructor(file: FileHandle) {
    this.#file = file
  }

  static async open(path: string): Promise<ReceiptFile> {
    try {
      return new ReceiptFile(await open(path, 'a', 0o600))
    } catch (cause) {
      throw usageFailure(`cannot write ${path}: ${(cause as Error).message}`)
    }
  }

  async append({ receipts, checkpoint }: IngestAnswer): Promise<void> {
    const lines = receipts.map((receipt) => `${JSON.stringify({ ...receipt, checkpoint })}\n`)
    await this.#file.appendFile(lines.join(''))
  }

  /** Receipts are evidence: they are on the disk before the command says that it is done. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.sync()
    await this.#file.close()
  }
}
