/** Properties: at least 1000 runs each, the seed printed, so that a failure can be had again. */
import fc from 'fast-check'

const RUNS = 1000

/** Checks a property; `SEED` of a failed run goes into `options.seed` to see it again. */
export function property<T>(
  arbitrary: fc.Arbitrary<T>,
  holds: (value: T) => void,
  options: fc.Parameters<[T]> = {},
): void {
  const seed = options.seed ?? Date.now() ^ Math.floor(Math.random() * 2 ** 31)
  console.log(`fast-check seed ${seed}`)
  fc.assert(fc.property(arbitrary, holds), { numRuns: RUNS, ...options, seed })
}

/** The same for a property that has to wait. */
export async function propertyOf<T>(
  arbitrary: fc.Arbitrary<T>,
  holds: (value: T) => Promise<void>,
  options: fc.Parameters<[T]> = {},
): Promise<void> {
  const seed = options.seed ?? Date.now() ^ Math.floor(Math.random() * 2 ** 31)
  console.log(`fast-check seed ${seed}`)
  await fc.assert(fc.asyncProperty(arbitrary, holds), { numRuns: RUNS, ...options, seed })
}
