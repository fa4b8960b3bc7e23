import { expect, it } from 'vitest'
import { createRepeats } from '../../../src/telemetry/repeats.ts'

it('leaves the first of a kind to who meets it, and tells all others together', () => {
  const told: [string, number][] = []
  const repeats = createRepeats((kind, times) => void told.push([kind, times]))
  const firsts = Array.from({ length: 1000 }, () => repeats.add('192.0.2.1')).filter((isFirst) => isFirst)
  expect(firsts).toHaveLength(1)
  expect(repeats.add('192.0.2.2')).toBe(true)
  repeats.flush()
  expect(told).toEqual([['192.0.2.1', 999]])
  expect(repeats.add('192.0.2.1')).toBe(true)
})

it('keeps a bounded number of kinds', () => {
  let told = 0
  const repeats = createRepeats((_, times) => void (told += times))
  let firsts = 0
  for (let kind = 0; kind < 6000; kind++) firsts += repeats.add(String(kind % 3000)) ? 1 : 0
  repeats.flush()
  expect(firsts + told).toBe(6000)
})
