import { describe, expect, it } from 'vitest'
import { toSpare, waitedMs } from '../../../src/process/pressure.ts'

const idle = { elapsedMs: 200, waitedMs: 10, processors: 4, niceness: 0 }

describe('toSpare()', () => {
  it('is all processors but the own one, and no more than are asked for, where hardly anybody waits', () => {
    expect(toSpare(idle, 8)).toBe(3)
    expect(toSpare(idle, 2)).toBe(2)
    expect(toSpare({ ...idle, processors: 1 }, 2)).toBe(0)
  })

  it('is none where somebody waits, where too little was seen, where the kernel says nothing, and for who stands back', () => {
    for (const more of [{ waitedMs: 61 }, { elapsedMs: 49, waitedMs: 0 }, { waitedMs: undefined }, { niceness: 1 }]) {
      expect(toSpare({ ...idle, ...more }, 8), JSON.stringify(more)).toBe(0)
    }
  })
})

describe('waitedMs()', () => {
  it('reads the time in which some waited, of a kernel that counts it', () => {
    const full = 'full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n'
    expect(waitedMs(`some avg10=0.00 avg60=1.06 avg300=7.67 total=8544859\n${full}`)).toBe(8544.859)
    expect(waitedMs('')).toBeUndefined()
    expect(waitedMs(full)).toBeUndefined()
  })
})
