import { defineConfig } from 'vitest/config'

/** Only what judges the algorithms: Stryker runs these tests once for each of its changes. */
export default defineConfig({
  resolve: { conditions: ['@sluice/source', 'module', 'node', 'development|production'] },
  test: {
    include: ['packages/core/src/algorithms/**/*.test.ts', 'packages/core/test/laws.*.test.ts'],
    testTimeout: 60_000,
    // The same few histories for each change, so that a score can be had again.
    env: { CI: 'true', LAW_RUNS: process.env['LAW_RUNS'] ?? '60' },
  },
})
