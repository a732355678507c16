/** Receipts kept as evidence: one a line, with the checkpoint it was signed under. They are only ever added. */
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { InTurn } from './in-turn.ts'

export interface KeptReceipt {
  readonly id: string
  readonly ledger: string
  readonly index: number
  /** Base64. */
  readonly leafHash: string
}

export class ReceiptFile {
  readonly #path: string
  readonly #turn = new InTurn()
  #file: FileHandle | undefined

  constructor(path: string) {
    this.#path = path
  }

  append(lines: readonly string[]): Promise<void> {
    return this.#turn.run(async () => {
      this.#file ??= await this.#open()
      await this.#file.appendFile(`${lines.join('\n')}\n`)
    })
  }

  /** The last receipt of a record, looked for from the first line on. */
  async find(id: string): Promise<KeptReceipt | undefined> {
    const source = createReadStream(this.#path)
    let found: KeptReceipt | undefined
    for await (const line of createInterface({ input: source })) {
      if (!line.includes(id)) continue
      const receipt = receiptOf(line)
      if (receipt?.id === id) found = receipt
    }
    return found
  }

  /** Evidence is on the disk before it is let go of. */
  close(): Promise<void> {
    return this.#turn.run(async () => {
      const file = this.#file
      this.#file = undefined
      await file?.sync()
      await file?.close()
    })
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    return open(this.#path, 'a', 0o600)
  }
}

function receiptOf(line: string): KeptReceipt | undefined {
  try {
    const { id, ledger, index, leaf_hash } = JSON.parse(line) as Record<string, unknown>
    if (typeof id !== 'string' || typeof ledger !== 'string' || typeof index !== 'number') return undefined
    return { id, ledger, index, leafHash: String(leaf_hash) }
  } catch {
    return undefined // a line that was cut when the disk was full
  }
}
