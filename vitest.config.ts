import { defineConfig } from 'vitest/config'

// Packages resolve to their TypeScript source, in tests as in development.
const conditions = ['trailproof-source', 'module', 'node', 'import', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    execArgv: ['--conditions=trailproof-source'],
  },
})
