/**
 * Finds what ended processes have left in the spool and takes it over, oldest first. Taking over is one rename, so that of two
 * processes one succeeds; were both to send it, the ids would make that harmless.
 */
import { join } from 'node:path'
import { segmentNumber } from './segment-name.ts'
import { SegmentQueue } from './segment-queue.ts'
import { isAbsent, type SpoolDisk } from './spool-disk.ts'
import { isSilent, lifeOf, OWNER_FILE, type Owner, parseOwner } from './spool-owner.ts'

export interface LeftOversOptions {
  readonly directory: string
  /** Name of the own stream: taken-over directories are called `<their stream>~<ours>`. */
  readonly stream: string
  readonly self: Omit<Owner, 'since'>
  readonly disk: SpoolDisk
  /** Whether a directory is ours already. */
  readonly isOurs: (path: string) => boolean
  readonly onFault: (where: string, error: unknown) => void
}

export interface LeftOver {
  readonly queue: SegmentQueue
  readonly since: number
}

export interface Looked {
  readonly taken: readonly LeftOver[]
  /** Bytes of segments of other processes that live. */
  readonly othersBytes: number
}

/** Rejects when the directory cannot be listed; what goes wrong with one of them is told and tried again at the next look. */
export async function takeLeftOvers(options: LeftOversOptions): Promise<Looked> {
  const { directory, disk, isOurs, onFault } = options
  const taken: LeftOver[] = []
  let othersBytes = 0
  for (const name of await disk.list(directory)) {
    const path = join(directory, name)
    if (isOurs(path)) continue
    try {
      if (name.startsWith('now-')) {
        if (await isSilent(path, directory, disk)) await disk.removeFile(path)
        continue
      }
      const owner = await ownerOf(path, options)
      if (owner.life === 'alive') othersBytes += await segmentBytes(path, disk)
      else {
        const leftOver = await takeOver(path, name, owner.since, options)
        if (leftOver !== undefined) taken.push(leftOver)
      }
    } catch (error) {
      // Taken by somebody else in between, or no directory at all.
      if (!isAbsent(error) && (error as NodeJS.ErrnoException).code !== 'ENOTDIR')
        onFault('left-over spool', error)
    }
  }
  return { taken: taken.toSorted((a, b) => a.since - b.since), othersBytes }
}

async function ownerOf(
  path: string,
  { directory, self, disk }: LeftOversOptions,
): Promise<{ life: 'alive' | 'ended'; since: number }> {
  const file = join(path, OWNER_FILE)
  const owner = parseOwner(
    await disk
      .readText(file)
      .catch((error: unknown) => (isAbsent(error) ? '' : Promise.reject(error as Error))),
  )
  const { modifiedAt: since } = await disk.stateOf(path)
  if (owner === undefined) return { life: (await isSilent(path, directory, disk)) ? 'ended' : 'alive', since }
  const life = lifeOf(owner, self)
  if (life !== 'unknown') return { life, since: owner.since }
  return { life: (await isSilent(file, directory, disk)) ? 'ended' : 'alive', since: owner.since }
}

/** Undefined: there was nothing in it. */
async function takeOver(
  path: string,
  name: string,
  since: number,
  { directory, stream, self, disk, onFault }: LeftOversOptions,
): Promise<LeftOver | undefined> {
  const own = join(directory, `${name.split('~')[0]}~${stream}`)
  await disk.rename(path, own)
  await disk.replaceText(join(own, OWNER_FILE), JSON.stringify({ ...self, since } satisfies Owner))
  const queue = new SegmentQueue(own, disk, onFault)
  await queue.load()
  return (await queue.removeIfEmpty([OWNER_FILE])) ? undefined : { queue, since }
}

async function segmentBytes(path: string, disk: SpoolDisk): Promise<number> {
  let bytes = 0
  for (const name of await disk.list(path))
    if (segmentNumber(name) !== undefined) bytes += (await disk.stateOf(join(path, name))).bytes
  return bytes
}
