/**
 * The hunt over one target: inputs that reach code which no other reached are kept, and new ones are made of them. Batches
 * keep the price of looking at coverage low: only where one of them reached something new is each looked at alone.
 */
import { type Canary, fault } from './check.ts'
import { spend } from './cost.ts'
import type { Coverage } from './coverage.ts'
import { mutate } from './mutate.ts'
import { Random } from './random.ts'
import type { Target } from './target.ts'

const BATCH = 48
const MAX_KEPT = 5000
const MAX_FINDS = 20

export interface Find {
  readonly why: string
  readonly input: Uint8Array
}

export interface Hunted {
  readonly executions: number
  readonly kept: number
  readonly blocks: number
  readonly finds: readonly Find[]
}

export interface Hunt {
  readonly seconds: number
  readonly seed: number
  readonly canary: Canary
  readonly coverage: Coverage
  /** Called before each reading, so that an input is known over which it never ends. */
  onInput(input: Uint8Array): void
}

export async function hunt(target: Target, first: readonly Uint8Array[], options: Hunt): Promise<Hunted> {
  const { seconds, seed, canary, coverage, onInput } = options
  const end = performance.now() + seconds * 1000
  const random = new Random(seed)
  const finds = new Map<string, Find>()
  const words = [...target.words, canary.path]
  let executions = 0
  const attempt = async (input: Uint8Array) => {
    executions++
    onInput(input)
    const why = await fault(target, input, canary)
    if (why !== undefined && !finds.has(kindOf(why))) finds.set(kindOf(why), { why, input })
  }
  const kept = first.map((each) => each.subarray(0, target.maxBytes))
  for (const input of kept) await attempt(input)
  coverage.take(true)
  while (performance.now() < end && finds.size < MAX_FINDS) {
    const material = { others: kept, words, maxBytes: target.maxBytes }
    const inputs = Array.from({ length: BATCH }, () => mutate(random.of(kept), random, material))
    const tried: Uint8Array[] = []
    for (const input of inputs) {
      if (performance.now() > end) break
      await attempt(input)
      tried.push(input)
    }
    if (coverage.take(false) === 0) continue
    for (const input of tried) {
      onInput(input)
      await spend(target, input)
      if (coverage.take(true) > 0 && kept.length < MAX_KEPT) kept.push(input)
    }
  }
  return { executions, kept: kept.length, blocks: coverage.size, finds: [...finds.values()] }
}

/** One find of each kind: numbers differ from input to input. */
function kindOf(why: string): string {
  return why.replace(/\d+/g, 'N').slice(0, 300)
}
