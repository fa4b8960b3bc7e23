import { defineConfig } from 'vitest/config'

/** Real interpreters of four releases of Debian: 600 MB of packages, so these are run by hand (npm run test:languages). */
export default defineConfig({
  test: {
    expect: { requireAssertions: true },
    testTimeout: 300_000,
    hookTimeout: 600_000,
    fileParallelism: false,
    include: ['test/languages/**/*.test.ts'],
  },
})
