import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // As long as `eventually` waits: a second, vitest's own, is what a process takes to begin or to die on a busy machine.
    expect: { requireAssertions: true, poll: { timeout: 30_000 } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One more than there are cores, since most of them wait for programs; by itself vitest leaves a core idle.
    maxWorkers: availableParallelism() + 1,
    include: ['test/{unit,integration,e2e,hostile}/**/*.test.ts'],
  },
})
