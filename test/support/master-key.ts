/** A master key in a file beside a server's directories. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyFile } from '@trailproof/server/ports'
import { onTestFinished } from 'vitest'

export interface MasterKey {
  readonly path: string
  /** The setting `master_key`. */
  readonly setting: string
}

/** Deleted at the end of the test. */
export function masterKey(): MasterKey {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-master-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const path = join(root, 'master')
  createKeyFile(path)
  return { path, setting: `file:${path}` }
}
