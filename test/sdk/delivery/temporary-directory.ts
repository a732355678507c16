import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory for one test, deleted at its end. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'trailproof-sdk-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
