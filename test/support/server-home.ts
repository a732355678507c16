import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { masterKey as makeMasterKey } from './master-key.ts'
import type { ServerHome } from './server-process.ts'

/**
 * Directories for the data and keys of a server, deleted at the end of the test; kept when `KEEP_FILES` is set. With
 * `CRASH_ENCRYPTED` its content is encrypted.
 */
export function serverHome(): ServerHome & { readonly root: string } {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-test-'))
  onTestFinished(() => {
    if (process.env['KEEP_FILES']) console.log(`kept ${root}`)
    else rmSync(root, { recursive: true, force: true })
  })
  const masterKey = process.env['CRASH_ENCRYPTED'] ? makeMasterKey().setting : undefined
  return { root, data: join(root, 'data'), keys: join(root, 'keys'), masterKey }
}
