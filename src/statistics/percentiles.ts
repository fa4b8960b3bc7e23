/** Percentiles of times that were counted by their logarithm. Pure. */
import { secondsOf } from '../runner/end_table.ts'
import { groupedBy } from './grouped.ts'

/** In the order in which a task takes them. */
const ORDER = ['total', 'read', 'resolve', 'fetch', 'assemble', 'debug', 'report']

export interface StepTimes {
  readonly step: string
  readonly times: number
  /** Seconds, to a tenth of their size. */
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

/** `rows` in the order of their buckets. */
export function percentilesOf(rows: readonly { step: string; bucket: number; times: number }[]): StepTimes[] {
  const bySteps = groupedBy(rows, ({ step }) => step)
  return ORDER.flatMap((step) => {
    const buckets = bySteps.get(step)
    if (buckets === undefined) return []
    const times = buckets.reduce((sum, each) => sum + each.times, 0)
    const at = (part: number) => {
      let seen = 0
      const found = buckets.find((each) => (seen += each.times) >= part * times)
      return Number(secondsOf(found?.bucket ?? 0).toPrecision(2))
    }
    return [{ step, times, p50: at(0.5), p90: at(0.9), p99: at(0.99) }]
  })
}
