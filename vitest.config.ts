import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Packages resolve to their TypeScript source, in tests as in development.
// `import` and `default` are added where they apply; named here, they would hold for `require` too.
const conditions = ['trailproof-source', 'node']

// Most tests start servers, and a start is for the greater part the compiling of the same modules.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compile')

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    // Most tests wait for servers, brokers and disks: two files at once fill two cores, which by default would be one.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // A machine that is busy takes longer, and is not wrong.
    expect: { poll: { timeout: 30_000 } },
    // Tests of what is kept in memory collect before they measure.
    execArgv: ['--conditions=trailproof-source', '--expose-gc'],
  },
})
