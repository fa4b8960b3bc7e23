import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    expect: { requireAssertions: true },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One more than there are cores, since most of them wait for programs; by itself vitest leaves a core idle.
    maxWorkers: availableParallelism() + 1,
    include: ['test/{unit,integration,e2e,hostile}/**/*.test.ts'],
  },
})
