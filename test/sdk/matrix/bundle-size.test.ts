/** What an application that bundles the SDK takes on: minified, without what Node brings, against the sizes that were reviewed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build, type Rollup } from 'vite'
import { expect, test } from 'vitest'

/** Written anew with BUNDLE_SIZES=write; the diff is for review. */
const SIZES = new URL('./bundle-sizes.json', import.meta.url)
/** More than this above what was reviewed is a decision, not an accident. */
const ROOM = 1.1

interface Size {
  readonly minifiedBytes: number
  readonly gzippedBytes: number
}

const ENTRIES: Readonly<Record<string, string>> = {
  '.': '',
  './http': '/http',
  './express': '/express',
  './fastify': '/fastify',
  './grpc-sink': '/grpc-sink',
  './kafka-sink': '/kafka-sink',
  './otlp-sink': '/otlp-sink',
}

async function sizeOf(path: string): Promise<Size> {
  const entry = '\0entry'
  const output = (await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? entry : null),
        load: (id) => (id === entry ? `export * from '@trailproof/sdk${path}'` : null),
      },
    ],
    resolve: { conditions: ['trailproof-source', 'node'] },
    ssr: { noExternal: true, target: 'node', resolve: { conditions: ['trailproof-source', 'node'] } },
    build: { ssr: true, write: false, minify: true, target: 'node22', rollupOptions: { input: entry } },
  })) as Rollup.RollupOutput
  const code = output.output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('')
  expect(code).not.toMatch(/from ?["']@trailproof/)
  return { minifiedBytes: Buffer.byteLength(code), gzippedBytes: gzipSync(code).length }
}

test('bundles are as large as was reviewed', async () => {
  const sizes: Record<string, Size> = {}
  for (const [name, path] of Object.entries(ENTRIES)) sizes[name] = await sizeOf(path)
  console.table(sizes)
  if (process.env['BUNDLE_SIZES'] === 'write')
    writeFileSync(SIZES, `${JSON.stringify(sizes, undefined, 2)}\n`)
  const reviewed = JSON.parse(readFileSync(SIZES, 'utf8')) as Record<string, Size>
  expect(Object.keys(reviewed)).toEqual(Object.keys(sizes))
  for (const [name, { minifiedBytes, gzippedBytes }] of Object.entries(sizes)) {
    expect(minifiedBytes, name).toBeLessThanOrEqual(ROOM * reviewed[name]!.minifiedBytes)
    expect(gzippedBytes, name).toBeLessThanOrEqual(ROOM * reviewed[name]!.gzippedBytes)
  }
})
