/** Reads what strace recorded of a server: its writes, syncs and names below one directory, and what it sent. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

const CALLS = 'openat,pwrite64,write,writev,sendto,fdatasync,fsync,ftruncate,link,rename,unlink,mkdir'

/** The command that records the calls of the server it is put before. */
export function recordCalls(log: string): readonly string[] {
  return ['strace', '-f', '--seccomp-bpf', '-y', '-xx', '-s', '100000000', `-o${log}`, `-etrace=${CALLS}`]
}

/** In the order in which the calls began. Paths are below the directory, data is as written. */
export type DiskEvent =
  | { readonly kind: 'create'; readonly path: string }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'mkdir'; readonly path: string }
  /** From here on until its `synced`, what was written before may or may not be on the disk. */
  | { readonly kind: 'sync'; readonly path: string; readonly sync: number }
  | { readonly kind: 'synced'; readonly path: string; readonly sync: number }
  /** Bytes that left for a client. */
  | { readonly kind: 'sent'; readonly bytes: Buffer }

/** Events of one run, or of several runs one after the other. Calls that failed did nothing. */
export async function readCalls(log: string, directory: string): Promise<DiskEvent[]> {
  const reader = new CallReader(directory)
  for await (const line of createInterface({ input: createReadStream(log, 'latin1') })) reader.line(line)
  return reader.events
}

class CallReader {
  readonly events: DiskEvent[] = []
  readonly #directory: string
  /** Calls that have begun, by thread: what is to be said when they return. */
  readonly #open = new Map<string, (result: string) => void>()
  /** Where the next `write` without an offset goes. */
  readonly #positions = new Map<string, number>()
  #syncs = 0

  constructor(directory: string) {
    this.#directory = `${directory}/`
  }

  line(line: string): void {
    const [, thread, text] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (thread === undefined || text === undefined) return
    if (text.startsWith('<... ')) {
      this.#open.get(thread)?.(text.slice(text.lastIndexOf(' = ') + 3))
      this.#open.delete(thread)
      return
    }
    const name = text.slice(0, text.indexOf('('))
    const unfinished = text.endsWith('<unfinished ...>')
    const end = unfinished ? text.length - '<unfinished ...>'.length : text.lastIndexOf(' = ')
    const after = this.#begin(name, text.slice(name.length + 1, end))
    if (!after) return
    if (unfinished) this.#open.set(thread, after)
    else after(text.slice(end + 3))
  }

  /** Notes what a call does as it begins; returns what is to be noted when it returns. */
  #begin(name: string, args: string): ((result: string) => void) | undefined {
    switch (name) {
      case 'pwrite64':
      case 'write':
      case 'writev':
      case 'sendto':
        return this.#write(name, args)
      case 'fsync':
      case 'fdatasync': {
        const path = this.#fileOf(args)
        if (path === undefined) return undefined
        const sync = this.#syncs++
        this.events.push({ kind: 'sync', path, sync })
        return (result) => {
          if (succeeded(result)) this.events.push({ kind: 'synced', path, sync })
        }
      }
      case 'openat':
        // Most files opened are the program's own: looked at only when below our directory.
        return (result) => this.#opened(args, result)
      case 'ftruncate': {
        const path = this.#fileOf(args)
        const size = Number(/, (\d+)\)? *$/.exec(args)?.[1])
        return path === undefined ? undefined : this.#done({ kind: 'truncate', path, size })
      }
      case 'link':
      case 'rename': {
        const [from, to] = quoted(args).map((bytes) => this.#below(bytes.toString()))
        return from && to ? this.#done({ kind: name, path: from, to }) : undefined
      }
      case 'unlink':
      case 'mkdir': {
        const path = this.#below(quoted(args)[0]?.toString())
        return path === undefined ? undefined : this.#done({ kind: name, path })
      }
      default:
        return undefined
    }
  }

  #done(event: DiskEvent): (result: string) => void {
    return (result) => {
      if (succeeded(result)) this.events.push(event)
    }
  }

  #write(name: string, args: string): undefined {
    const target = targetOf(args)
    if (target.startsWith('socket:') || target.startsWith('TCP')) {
      this.events.push({ kind: 'sent', bytes: Buffer.concat(quoted(args)) })
      return
    }
    const path = this.#below(target)
    if (path === undefined) return
    const bytes = Buffer.concat(quoted(args))
    const offset =
      name === 'pwrite64' ? Number(/, (\d+)\)? *$/.exec(args)?.[1]) : (this.#positions.get(path) ?? 0)
    if (name !== 'pwrite64') this.#positions.set(path, offset + bytes.length)
    this.events.push({ kind: 'write', path, offset, bytes })
  }

  #opened(args: string, result: string): void {
    if (!succeeded(result)) return
    const path = this.#below(targetOf(result))
    if (path === undefined || args.includes('O_DIRECTORY')) return
    if (args.includes('O_CREAT')) this.events.push({ kind: 'create', path })
    if (args.includes('O_TRUNC')) this.events.push({ kind: 'truncate', path, size: 0 })
    if (args.includes('O_APPEND')) throw new Error(`${path} is appended to: say where its writes go`)
    if (args.includes('O_TRUNC')) this.#positions.set(path, 0)
  }

  #fileOf(args: string): string | undefined {
    return this.#below(targetOf(args))
  }

  /** The part of a path below our directory, '' for itself; undefined elsewhere. */
  #below(path: string | undefined): string | undefined {
    return `${path}/`.startsWith(this.#directory) ? path!.slice(this.#directory.length) : undefined
  }
}

function succeeded(result: string): boolean {
  return /^\d/.test(result)
}

/** What a file descriptor, `31<path>`, stands for. */
function targetOf(text: string): string {
  const start = text.indexOf('<')
  return unescaped(text.slice(start + 1, text.indexOf('>', start))).toString()
}

/** The strings of a call. */
function quoted(args: string): Buffer[] {
  return [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex]) => unescaped(hex!))
}

function unescaped(text: string): Buffer {
  return text.startsWith('\\x') ? Buffer.from(text.replaceAll('\\x', ''), 'hex') : Buffer.from(text)
}
