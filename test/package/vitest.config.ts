import { defineConfig } from 'vitest/config'

/** Packages are built and installed into a Debian made for it: a gigabyte and many minutes, so it is run by hand (npm run test:packages). */
export default defineConfig({
  test: {
    expect: { requireAssertions: true },
    testTimeout: 600_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
    include: ['test/package/**/*.test.ts'],
  },
})
