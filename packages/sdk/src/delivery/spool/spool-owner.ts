/** Whose a directory of the spool is, and whether that process still lives. */
import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { isAbsent, type SpoolDisk } from './spool-disk.ts'

export interface Owner {
  readonly pid: number
  /** When the process started, in the kernel's ticks since the boot: a pid alone is given out again. Empty where unknown. */
  readonly started: string
  /** Which run of the system, and which namespace of pids: in containers every pid is 1. Empty where unknown. */
  readonly boot: string
  readonly namespace: string
  readonly host: string
  /** ms since 1970, when the directory was made: the oldest is sent first. */
  readonly since: number
  /** It has let go of the directory. */
  readonly released?: boolean
}

export const OWNER_FILE = 'owner'
/** An owner whose life cannot be seen from here touches its file at least so often. */
export const HEARTBEAT_MS = 10_000
/** Silent for so long, it has ended. Were it only slow, its records would be sent twice, and recorded once. */
export const SILENT_MS = 60_000

/** What of this process never changes. */
export function thisProcess(): Omit<Owner, 'since'> {
  return {
    pid: process.pid,
    started: startOf('self'),
    boot: textOf('/proc/sys/kernel/random/boot_id'),
    namespace: linkOf('/proc/self/ns/pid'),
    host: hostname(),
  }
}

/** Undefined: it cannot be read, which happens when its process ended as it was made. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner
    return typeof owner === 'object' && owner !== null && Number.isSafeInteger(owner.pid) ? owner : undefined
  } catch {
    return undefined
  }
}

/** What the pid says: `unknown` where it is not one of ours, as in another container or on another host. */
export function lifeOf(
  owner: Owner,
  self: Omit<Owner, 'since'> = thisProcess(),
): 'alive' | 'ended' | 'unknown' {
  if (owner.released === true) return 'ended'
  if (owner.boot === '' || owner.namespace === '' || owner.started === '') return lifeByPid(owner, self)
  if (owner.boot !== self.boot || owner.namespace !== self.namespace) return 'unknown'
  return startOf(owner.pid) === owner.started ? 'alive' : 'ended'
}

/** Where there is no /proc: that there is no such pid is certain, that it is the same process is not. */
function lifeByPid(owner: Owner, self: Omit<Owner, 'since'>): 'alive' | 'ended' | 'unknown' {
  if (owner.host !== self.host || self.boot !== '') return 'unknown'
  if (owner.pid === self.pid) return 'alive'
  try {
    process.kill(owner.pid, 0)
    return 'unknown'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'ended' : 'unknown'
  }
}

/** Whether a file was not touched for long, by the clock of the file system: clocks of hosts differ. */
export async function isSilent(path: string, directory: string, disk: SpoolDisk): Promise<boolean> {
  const probe = `${directory}/now-${randomUUID()}`
  try {
    await disk.replaceText(probe, '')
    const { modifiedAt: now } = await disk.stateOf(probe)
    const { modifiedAt } = await disk.stateOf(path)
    return now - modifiedAt > SILENT_MS
  } catch (error) {
    if (isAbsent(error)) return true
    throw error
  } finally {
    await disk.removeFile(probe).catch(() => undefined) // one empty file; the next look at the directory removes it
  }
}

/** The 22nd field of stat; the 2nd is a name in brackets that may hold anything. */
function startOf(pid: number | 'self'): string {
  const stat = textOf(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // A zombie has ended: only its parent has not looked yet.
  return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '')
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return '' // not Linux, or no such process
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // not Linux
  }
}
