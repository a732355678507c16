import { defineConfig } from 'vitest/config'

// Packages resolve to their TypeScript source, in tests as in development.
// `import` and `default` are added where they apply; named here, they would hold for `require` too.
const conditions = ['trailproof-source', 'node']

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
