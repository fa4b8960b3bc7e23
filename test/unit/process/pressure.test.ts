import { describe, expect, it } from 'vitest'
import { running, toSpare, waitedMs } from '../../../src/process/pressure.ts'

const idle = { elapsedMs: 200, waitedMs: 10, running: 1, processors: 4, niceness: 0 }

describe('toSpare()', () => {
  it('is all processors on which nobody runs but the own one, and no more than are asked for', () => {
    expect(toSpare(idle, 8)).toBe(3)
    expect(toSpare({ ...idle, running: 3 }, 8)).toBe(1)
    expect(toSpare({ ...idle, running: 9 }, 8)).toBe(0)
    expect(toSpare(idle, 2)).toBe(2)
    expect(toSpare({ ...idle, processors: 1 }, 2)).toBe(0)
  })

  it('is none for two tasks that are busy on two processors, though neither waits', () => {
    expect(toSpare({ ...idle, processors: 2, waitedMs: 0, running: 2 }, 3)).toBe(0)
    expect(toSpare({ ...idle, processors: 2, waitedMs: 0, running: 1 }, 3)).toBe(1)
  })

  it('is none where somebody waited, where too little was seen, where the kernel says nothing, and for who stands back', () => {
    const others = [
      { waitedMs: 61 },
      { elapsedMs: 49, waitedMs: 0 },
      { waitedMs: undefined },
      { running: undefined },
      { niceness: 1 },
    ]
    for (const more of others) expect(toSpare({ ...idle, ...more }, 8), JSON.stringify(more)).toBe(0)
  })
})

it('waitedMs() reads the time in which some waited, of a kernel that counts it', () => {
  const full = 'full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n'
  expect(waitedMs(`some avg10=0.00 avg60=1.06 avg300=7.67 total=8544859\n${full}`)).toBe(8544.859)
  expect(waitedMs('')).toBeUndefined()
  expect(waitedMs(full)).toBeUndefined()
})

it('running() reads how many threads run, or could', () => {
  expect(running('0.25 0.40 1.24 2/345 12345\n')).toBe(2)
  expect(running('')).toBeUndefined()
})
