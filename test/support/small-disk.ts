/** A disk of a few MiB of its own: a tmpfs, so that it can be filled without filling anything else. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { ServerHome } from './server-process.ts'

export interface SmallDisk extends ServerHome {
  freeBytes(): number
  /** Takes all but about so many bytes. */
  fillTo(freeBytes: number): void
  /** Gives back what `fillTo` took. */
  empty(): void
}

/** Unmounted at the end of the test. Throws where it may not mount: a full disk cannot be tested otherwise. */
export function smallDisk(mib: number): SmallDisk {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-disk-'))
  asRoot('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0777`, 'tmpfs', root])
  onTestFinished(() => {
    asRoot('umount', ['--lazy', root])
    rmSync(root, { recursive: true, force: true })
  })
  const filler = join(root, 'filler')
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(root)
    return bavail * bsize
  }
  return {
    data: join(root, 'data'),
    keys: join(root, 'keys'),
    freeBytes,
    fillTo(free) {
      const file = openSync(filler, 'a')
      try {
        const chunk = Buffer.alloc(64 * 1024)
        while (freeBytes() > free) writeSync(file, chunk, 0, Math.min(chunk.length, freeBytes() - free))
      } finally {
        closeSync(file)
      }
    },
    empty: () => rmSync(filler, { force: true }),
  }
}

function asRoot(command: string, args: readonly string[]): void {
  const isRoot = process.getuid?.() === 0
  try {
    execFileSync(isRoot ? command : 'sudo', isRoot ? args : ['-n', command, ...args], { stdio: 'pipe' })
  } catch (cause) {
    throw new Error(`${command} is needed to test a full disk: run as root, or where sudo asks no password`, {
      cause,
    })
  }
}
