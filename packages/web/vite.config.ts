import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Where `npm run dev` finds a server to ask. */
const SERVER = process.env['TRAILPROOF_URL'] ?? 'http://127.0.0.1:4000'

/** Once, when they are built, instead of at each request. */
function compressed(): Plugin {
  let out = ''
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: ({ build }) => {
      out = build.outDir
    },
    closeBundle() {
      for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue
        const path = join(out, name)
        const bytes = readFileSync(path)
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11 }
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }))
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that the same files work below any path of a proxy.
  base: './',
  plugins: [react(), compressed()],
  resolve: { conditions: ['trailproof-source', 'module', 'browser', 'import', 'default'] },
  build: {
    outDir: join(import.meta.dirname, 'dist'),
    target: 'es2024',
    // The policy lets nothing run or be shown that is written into a page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600,
  },
  worker: { format: 'es' },
  server: { proxy: { '/v1': SERVER, '/ledgers': SERVER } },
})
