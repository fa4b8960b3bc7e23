import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    expect: { requireAssertions: true },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    include: ['test/{unit,integration,e2e,hostile}/**/*.test.ts'],
  },
})
