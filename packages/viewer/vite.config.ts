import { join } from 'node:path'
import { defineConfig } from 'vite'

/** One module without imports, for pages that have no bundler. */
export default defineConfig({
  root: import.meta.dirname,
  build: {
    lib: {
      entry: join(import.meta.dirname, 'src/index.ts'),
      formats: ['es'],
      fileName: () => 'trailproof-viewer.js',
    },
    outDir: join(import.meta.dirname, 'dist'),
    // What tsc makes is there, too.
    emptyOutDir: false,
    target: 'es2022',
    reportCompressedSize: false,
  },
})
