/**
 * Knowing when the application loads a library, by import or require (docs/adr/0008). A module is given one more line, which hands
 * over its exports once it has run: nothing is loaded sooner or later, or in another order, than without it.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { contained } from '../collectors/contained.ts'
import { report } from '../recorder/diagnostics.ts'

export interface Library {
  /** As its package.json says, whatever folder it is in; or a module of Node's own, with `node:`. */
  readonly name: string
  /** Major versions that the tests know. Empty: of Node's own. */
  readonly majors: readonly number[]
  /** Files inside its package, and what is done with what each exports. */
  readonly files: Readonly<Record<string, (exports: never) => void>>
  /** Of files that are ES modules: what they call what is handed over, exported or not. */
  readonly names?: Readonly<Record<string, readonly string[]>>
}

/** Where the lines that are added find us. */
const LOADED = Symbol.for('trailproof.loaded.v1')

/** Everything before is the folder of a package's files, whichever manager has put it there. */
const PACKAGE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+\/)(.+)$/

export function watchModules(libraries: readonly Library[]): void {
  const handlers: ((exports: never) => void)[] = []
  const builtins = new Map<string, (exports: never) => void>()
  const files = new Set<string>()
  for (const library of libraries)
    for (const [file, handle] of Object.entries(library.files))
      if (library.majors.length === 0) builtins.set(library.name, handle)
      else files.add(file)
  Object.defineProperty(globalThis, LOADED, {
    value: (index: number, exports: never) => contained('automatic mode', () => handlers[index]?.(exports)),
  })
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (url.startsWith('node:')) {
        const handle = builtins.get(url)
        builtins.delete(url)
        if (handle !== undefined)
          contained('automatic mode', () => handle(process.getBuiltinModule(url) as never))
        return loaded
      }
      const handle = handlerOf(url, files, libraries)
      // Without a format it is required.
      if (handle === undefined || !loaded.source) return loaded
      const exports = exportsIn(loaded.format ?? 'commonjs', handle.names)
      if (exports === undefined) return loaded
      const index = handlers.push(handle.handle) - 1
      const line = `\n;globalThis[Symbol.for('trailproof.loaded.v1')](${index}, ${exports});\n`
      return { ...loaded, source: textOf(loaded.source) + line }
    },
  })
}

function handlerOf(
  url: string,
  files: ReadonlySet<string>,
  libraries: readonly Library[],
): { readonly handle: (exports: never) => void; readonly names: readonly string[] } | undefined {
  const [, folder, file] = PACKAGE.exec(url) ?? []
  if (folder === undefined || file === undefined || !files.has(file)) return undefined
  const { name, version } = packageIn(folder)
  const library = libraries.find((each) => each.name === name)
  const handle = library?.files[file]
  if (library === undefined || handle === undefined) return undefined
  if (library.majors.includes(Number.parseInt(version, 10)))
    return { handle, names: library.names?.[file] ?? [] }
  report({ kind: 'left_alone', library: name, version })
  return undefined
}

/** What the added line hands over; undefined where the file is not of the kind that is known. */
function exportsIn(format: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return format === 'commonjs' ? 'module["exports"]' : undefined
  return format === 'module' ? `{ ${names.join(', ')} }` : undefined
}

function packageIn(folder: string): { readonly name: string; readonly version: string } {
  try {
    const read = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
      readonly name?: unknown
      readonly version?: unknown
    }
    return { name: String(read.name), version: String(read.version) }
  } catch {
    return { name: '', version: '' } // it is none of those that are looked for
  }
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source)
}
