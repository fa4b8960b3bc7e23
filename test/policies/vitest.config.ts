import { defineConfig } from 'vitest/config'

/** Policies are compiled by their own tools, which few machines have (ops/lib/policy-packages): run by hand (npm run test:policies). */
export default defineConfig({
  test: {
    expect: { requireAssertions: true },
    testTimeout: 600_000,
    hookTimeout: 900_000,
    include: ['test/policies/**/*.test.ts'],
  },
})
