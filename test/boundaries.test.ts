import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

/** What each package may lean on. An arrow that is not here does not exist. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  verify: ['core'],
  sdk: ['core'],
  server: ['core'],
  cli: ['core', 'verify', 'server'],
  conformance: ['core', 'server'],
  web: ['core', 'verify'],
  viewer: [],
}
const PACKAGE_OF: Readonly<Record<string, string>> = { trailproof: 'cli' }
/** Packages that take bytes and give answers, in Node and in the browser. */
const PURE = ['core', 'verify']

const IMPORT =
  /^\s*(?:import|export)\b[^'"]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm

/** What people write: generated code is as its generator makes it. */
function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => /\.tsx?$/.test(name) && !/\.(test|bench|suite)\.ts$|^generate|\/generate|\/gen\//.test(name),
    )
    .map((name) => join(directory, name))
}

/** Every import of a file, of types too. */
function importsOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(IMPORT)].map((match) => (match[1] ?? match[2] ?? match[3])!)
}

describe.each(Object.entries(ARROWS))('package %s', (name, allowed) => {
  const files = sources(`packages/${name}/src`)

  test('leans only on what it may', () => {
    for (const path of files)
      for (const target of importsOf(path)) {
        const [, scoped] = /^@trailproof\/([a-z-]+)/.exec(target) ?? []
        const other = scoped ?? PACKAGE_OF[target]
        if (other !== undefined && other !== name)
          expect(allowed, `${path} imports ${target}`).toContain(other)
        if (target.startsWith('.'))
          expect(
            relative(`packages/${name}/src`, resolve(dirname(path), target)),
            `${path} imports ${target}`,
          ).not.toMatch(/^\.\./)
      }
  })

  test('has no import cycles, type-only ones included', () => {
    const graph = new Map(
      files.map((path) => [
        resolve(path),
        importsOf(path)
          .filter((target) => target.startsWith('.'))
          .map((target) => resolve(dirname(path), target)),
      ]),
    )
    const done = new Set<string>()
    const visit = (path: string, trail: readonly string[]): void => {
      expect(trail, [...trail, path].map((file) => relative('.', file)).join(' -> ')).not.toContain(path)
      if (done.has(path)) return
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of graph.keys()) visit(path, [])
  })
})

test.each(PURE)('package %s does no I/O and knows no runtime', (name) => {
  for (const path of sources(`packages/${name}/src`)) {
    expect(
      importsOf(path).filter((target) => target.startsWith('node:')),
      path,
    ).toEqual([])
    const code = readFileSync(path, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    expect(code, path).not.toMatch(
      /\b(?:Buffer|process|crypto)\.|\b(?:fetch|setTimeout|require)\(|\bDate\.now|new Date\(\)|Math\.random/,
    )
  }
})

test('only config.ts reads the environment of the server', () => {
  for (const path of sources('packages/server/src'))
    if (!path.endsWith('/config.ts')) expect(readFileSync(path, 'utf8'), path).not.toContain('process.env')
})

test.each(Object.keys(ARROWS))('no source file of %s is over 500 lines', (name) => {
  for (const path of sources(`packages/${name}/src`)) {
    expect(readFileSync(path, 'utf8').split('\n').length, path).toBeLessThanOrEqual(500)
  }
})
