import { expect, it } from 'vitest'
import { createRepeats } from '../../../src/telemetry/repeats.ts'

it('tells the first of a kind at once, and all others together', () => {
  const told: [string, number][] = []
  const repeats = createRepeats((kind, times) => void told.push([kind, times]))
  for (let time = 0; time < 1000; time++) repeats.add('192.0.2.1')
  repeats.add('192.0.2.2')
  repeats.flush()
  expect(told).toEqual([['192.0.2.1', 1], ['192.0.2.2', 1], ['192.0.2.1', 999]])
})

it('keeps a bounded number of kinds', () => {
  let told = 0
  const repeats = createRepeats(() => told++)
  for (let kind = 0; kind < 3000; kind++) repeats.add(String(kind))
  repeats.flush()
  expect(told).toBe(3000)
})
