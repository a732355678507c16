import { closeSync, fsyncSync, openSync, renameSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { syncDirectory } from '../ledger/file-checkpoint-lock.ts'
import { writeWhole } from './write-whole.ts'

/**
 * Puts a small file in the place of the one of that name, or where none is: readers find the one or the other, whole, also after a power
 * cut. For one writer at a time.
 */
export function replaceDurably(directory: string, name: string, text: string): void {
  const temporary = join(directory, `.${name}.replacing`)
  const file = openSync(temporary, 'w', 0o600)
  try {
    writeWhole(file, Buffer.from(text))
    fsyncSync(file)
  } catch (error) {
    unlinkSync(temporary)
    throw error
  } finally {
    closeSync(file)
  }
  renameSync(temporary, join(directory, name))
  syncDirectory(directory)
}
