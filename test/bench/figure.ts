/**
 * The figures that `npm run bench` prints, one JSON line each, and the timing of two peers against each other.
 */
import { env } from 'node:process'

/** One figure (README, 'Measuring'): `ok` is `ratio <= goal`, or `ours <= goal` where there is no peer. */
export interface Figure {
  name: string
  ratio: number | null
  ours: number
  theirs: number | null
  unit: string
  goal: number
  ok: boolean
}

/** A figure without a peer. */
export function absolute(name: string, ours: number, options: { unit: string; goal: number }): Figure {
  return { name, ratio: null, ours: round(ours), theirs: null, ...options, ok: ours <= options.goal }
}

/** A figure against a peer that was measured in the same run. */
export function against(
  name: string,
  sides: { ours: number; theirs: number },
  options: { unit: string; goal: number },
): Figure & { ratio: number } {
  const ratio = sides.ours / sides.theirs
  return {
    name,
    ratio: round(ratio),
    ours: round(sides.ours),
    theirs: round(sides.theirs),
    ...options,
    ok: ratio <= options.goal,
  }
}

/** Runs two things in turn, `rounds` times after one round that does not count; the median seconds of each. */
export async function alternate(
  ours: () => Promise<unknown>,
  theirs: () => Promise<unknown>,
  rounds = 5,
): Promise<{ ours: number; theirs: number }> {
  const times: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] }
  for (let round = 0; round <= rounds; round++) {
    const a = await seconds(ours)
    const b = await seconds(theirs)
    if (round === 0) continue
    times.ours.push(a)
    times.theirs.push(b)
  }
  return { ours: percentile(times.ours, 50), theirs: percentile(times.theirs, 50) }
}

/**
 * This process's environment but for what makes each start of Node slower on some machines: with NODE_EXTRA_CA_CERTS it reads a
 * bundle of certificates first, 40 ms for that of a distribution, whether or not it will ever ask anybody.
 */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _certificates, ...plain } = env
  return plain
}

/** Wall seconds of one run. */
export async function seconds(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return (performance.now() - start) / 1000
}

/** The value below which `percent` of the values lie (nearest rank). */
export function percentile(values: number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * percent / 100) - 1)] ?? 0
}

function round(value: number): number {
  return Number(value.toPrecision(4))
}
