/**
 * Whether a reader held what it must: only errors that it says it throws, cost that is linear in the input, and no byte of
 * a file that it was not given.
 */
import { inspect } from 'node:util'
import { excess, spend, type Spent } from './cost.ts'
import type { Target } from './target.ts'

/** A file of this machine that inputs name, and what it holds. */
export interface Canary {
  readonly path: string
  readonly secret: string
}

/** A busy machine, or the collector of garbage, can make one reading look dear: the cheapest of these counts. */
const ATTEMPTS = 4

/** What was wrong; undefined: nothing. */
export async function fault(target: Target, input: Uint8Array, canary?: Canary): Promise<string | undefined> {
  let spent = await spend(target, input)
  if (spent.error !== undefined && !target.isOurs(spent.error)) return `threw ${inspect(spent.error).slice(0, 1000)}`
  if (canary !== undefined && isTold(spent, input, canary)) return `told what ${canary.path} holds`
  for (let attempt = 1; excess(spent, input.length, target.cost) !== undefined; attempt++) {
    if (attempt === ATTEMPTS) return excess(spent, input.length, target.cost)
    spent = cheaper(spent, await spend(target, input))
  }
  return undefined
}

function isTold({ result, error }: Spent, input: Uint8Array, { path, secret }: Canary): boolean {
  if (!new TextDecoder('latin1').decode(input).includes(path)) return false
  return inspect([result, error], { depth: 8, maxArrayLength: 1000, maxStringLength: 10_000 }).includes(secret)
}

function cheaper(a: Spent, b: Spent): Spent {
  return { ...b, ms: Math.min(a.ms, b.ms), mib: Math.min(a.mib, b.mib) }
}
