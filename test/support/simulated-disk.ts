/**
 * A disk that forgets what was not synced. Takes the calls of a program in order; a power cut then leaves, of what
 * was not yet synced, any part: a write whole, not at all, or some of its sectors, and of new names and
 * renames in a directory those up to some moment, because file systems journal them in order.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FileContent } from './file-content.ts'
import type { Random } from './random.ts'
import type { DiskEvent } from './strace-log.ts'

/** What may be written alone: a sector of old disks, a page of the system and of new ones. */
const TEAR_BYTES = [512, 4096]

/** How a cut treats what is not synced. */
export type Cut = 'none of it' | 'all of it' | 'any of it'

type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number }

interface Inode {
  readonly isDirectory: boolean
  /** Synced content. */
  readonly content: FileContent
  readonly pending: Change[]
  /** How many of `pending` a sync that has begun will have put on the disk. */
  readonly syncing: Map<number, number>
}

type NameChange =
  | { readonly kind: 'link'; readonly path: string; readonly inode: Inode }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }

type Names = Map<string, Inode>

export class SimulatedDisk {
  /** As the running program sees it. */
  readonly #names: Names = new Map()
  /** As it is on the disk. */
  readonly #synced: Names = new Map()
  /** Of each directory, what is not yet. */
  readonly #pending = new Map<string, NameChange[]>()
  readonly #syncing = new Map<number, number>()

  /** The directory itself is there before. */
  constructor() {
    this.#names.set('', newInode(true))
  }

  apply(event: DiskEvent): void {
    switch (event.kind) {
      case 'create':
        if (!this.#names.has(event.path)) this.#link(event.path, newInode(false))
        return
      case 'mkdir':
        this.#link(event.path, newInode(true))
        return
      case 'write':
      case 'truncate':
        this.#names.get(event.path)?.pending.push(event)
        return
      case 'unlink':
        this.#names.delete(event.path)
        this.#later({ kind: 'unlink', path: event.path })
        return
      case 'link': {
        const inode = this.#names.get(event.path)
        if (inode !== undefined) this.#link(event.to, inode)
        return
      }
      case 'rename':
        move(this.#names, event)
        this.#later({ kind: 'rename', path: event.path, to: event.to })
        return
      case 'sync':
        this.#beginSync(event)
        return
      case 'synced':
        this.#endSync(event)
        return
      case 'sent':
        return
    }
  }

  /** Writes into `directory` what the disk may hold if the power is cut now. */
  cut(directory: string, how: Cut, random: Random): void {
    const names = new Map(this.#synced)
    for (const changes of this.#pending.values()) {
      const kept = {
        'none of it': 0,
        'all of it': changes.length,
        'any of it': random.below(changes.length + 1),
      }
      for (const change of changes.slice(0, kept[how])) applyName(names, change)
    }
    const isThere = (path: string): boolean =>
      path === '.' || (names.get(path)?.isDirectory === true && isThere(dirname(path)))
    for (const [path, inode] of names) {
      // What lies in a directory whose own name is lost is lost with it.
      if (!isThere(dirname(path))) continue
      if (inode.isDirectory) mkdirSync(join(directory, path), { recursive: true })
      else {
        mkdirSync(dirname(join(directory, path)), { recursive: true })
        writeFileSync(join(directory, path), contentAfter(inode, how, random))
      }
    }
  }

  #link(path: string, inode: Inode): void {
    this.#names.set(path, inode)
    this.#later({ kind: 'link', path, inode })
  }

  #later(change: NameChange): void {
    const directory = directoryOf(change.path)
    const changes = this.#pending.get(directory)
    if (changes) changes.push(change)
    else this.#pending.set(directory, [change])
  }

  #beginSync({ path, sync }: { readonly path: string; readonly sync: number }): void {
    const inode = this.#names.get(path)
    if (!inode) return
    if (inode.isDirectory) this.#syncing.set(sync, this.#pending.get(path)?.length ?? 0)
    else inode.syncing.set(sync, inode.pending.length)
  }

  #endSync({ path, sync }: { readonly path: string; readonly sync: number }): void {
    const inode = this.#names.get(path)
    if (!inode) return
    if (inode.isDirectory) {
      const changes = this.#pending.get(path)?.splice(0, this.#syncing.get(sync)) ?? []
      for (const change of changes) applyName(this.#synced, change)
      return
    }
    const count = inode.syncing.get(sync) ?? 0
    inode.syncing.delete(sync)
    for (const change of inode.pending.splice(0, count)) applyChange(inode.content, change)
    for (const [other, waiting] of inode.syncing) inode.syncing.set(other, Math.max(0, waiting - count))
  }
}

function newInode(isDirectory: boolean): Inode {
  return { isDirectory, content: new FileContent(), pending: [], syncing: new Map() }
}

function directoryOf(path: string): string {
  const directory = dirname(path)
  return directory === '.' ? '' : directory
}

function applyName(names: Names, change: NameChange): void {
  if (change.kind === 'link') names.set(change.path, change.inode)
  else if (change.kind === 'unlink') names.delete(change.path)
  else move(names, change)
}

function move(names: Names, { path, to }: { readonly path: string; readonly to: string }): void {
  const inode = names.get(path)
  if (!inode) return
  names.delete(path)
  names.set(to, inode)
}

function contentAfter({ content, pending }: Inode, how: Cut, random: Random): Buffer {
  const after = new FileContent(content.bytes)
  for (const change of pending)
    switch (how) {
      case 'none of it':
        break
      case 'all of it':
        applyChange(after, change)
        break
      case 'any of it':
        applyPerhaps(after, change, random)
    }
  return after.bytes
}

function applyChange(content: FileContent, change: Change): void {
  if (change.kind === 'truncate') content.truncate(change.size)
  else content.write(change.offset, change.bytes)
}

/** Whole in half of the cases, else torn or not at all. */
function applyPerhaps(content: FileContent, change: Change, random: Random): void {
  const lot = random.below(4)
  if (lot < 2) applyChange(content, change)
  else if (lot === 2 && change.kind === 'write') applyTorn(content, change, random)
}

/** Some of the sectors of a write, each whole. */
function applyTorn(
  content: FileContent,
  { offset, bytes }: Extract<Change, { kind: 'write' }>,
  random: Random,
): void {
  const unit = TEAR_BYTES[random.below(TEAR_BYTES.length)]!
  for (let at = offset; at < offset + bytes.length; ) {
    const end = Math.min(offset + bytes.length, (Math.floor(at / unit) + 1) * unit)
    if (random.chance(0.5)) content.write(at, bytes.subarray(at - offset, end - offset))
    at = end
  }
}
