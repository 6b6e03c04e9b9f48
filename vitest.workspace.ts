import { availableParallelism } from 'node:os'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

// Packages find each other's sources by the first condition, so that tests need no build; the rest are Vite's own.
const conditions = ['@sluice/source', 'module', 'node', 'development|production']

function project(name: string, include: string[]): TestProjectInlineConfiguration {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: { name, include, testTimeout: 60_000, hookTimeout: 60_000 },
  }
}

export default defineConfig({
  test: {
    // Many tests wait for servers and clocks: on two cores one worker alone would leave both idle half of the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ['default', './scripts/plain-reporter.ts'],
    globalSetup: ['./scripts/servers/global-setup.ts'],
    projects: [
      project('core', ['packages/core/**/*.test.ts']),
      project('express', ['packages/express/**/*.test.ts']),
      project('koa', ['packages/koa/**/*.test.ts']),
      project('hono', ['packages/hono/**/*.test.ts']),
      // What needs the built packages: examples, documents, and the repository itself.
      project('repository', ['{examples,benchmarks,docs,scripts}/**/*.test.ts']),
      {
        resolve: { conditions },
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['packages/*/src/**/*.test-d.ts'],
            tsconfig: 'tsconfig.json',
            ignoreSourceErrors: true, // the type check reports those
          },
        },
      },
    ],
  },
})
