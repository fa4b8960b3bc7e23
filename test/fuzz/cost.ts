/** What reading one input costs: processor time, and memory that was taken meanwhile (garbage included). */
import { cpuUsage, memoryUsage } from 'node:process'
import { MIB } from '../../src/units/bytes.ts'
import type { Cost, Target } from './target.ts'

export interface Spent {
  readonly ms: number
  readonly mib: number
  readonly result: unknown
  readonly error: unknown
}

/** Never throws for what the reader throws. */
export async function spend(target: Target, input: Uint8Array): Promise<Spent> {
  const memory = held()
  const time = cpuUsage()
  let [result, error]: unknown[] = []
  try {
    result = await target.read(input)
  } catch (thrown) {
    error = thrown ?? new Error('nothing was thrown')
  }
  const { user, system } = cpuUsage(time)
  return { ms: (user + system) / 1000, mib: (held() - memory) / MIB, result, error }
}

/** Why it is too much; undefined: it is not. */
export function excess({ ms, mib }: Spent, bytes: number, cost: Cost): string | undefined {
  const kib = bytes / 1024
  const [mostMs, mostMib] = [cost.ms + cost.msPerKib * kib, cost.mib + cost.mibPerKib * kib]
  if (ms > mostMs) {
    return `it took ${ms.toFixed(0)} ms of processor time for ${bytes} bytes, at most ${mostMs.toFixed(0)}`
  }
  if (mib > mostMib) return `it took ${mib.toFixed(0)} MiB for ${bytes} bytes, at most ${mostMib.toFixed(0)}`
  return undefined
}

function held(): number {
  const { heapUsed, external } = memoryUsage()
  return heapUsed + external
}
