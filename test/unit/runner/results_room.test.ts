import { describe, expect, it } from 'vitest'
import { resultsRoom } from '../../../src/runner/results_room.ts'

const MIB = 1024 * 1024
const config = { maxRunningTasks: 3, maxBacktraceKb: 2048 }
const idle = { running: 0, queued: 0, uploading: 0, goingOn: 0 }

describe('resultsRoom()', () => {
  it('is what those that run and arrive may write, and no more for those that wait', () => {
    const all = 100_000 * MIB
    expect(resultsRoom(idle, config, all)).toBe(0)
    expect(resultsRoom({ ...idle, uploading: 2 }, config, all)).toBe(12 * MIB)
    expect(resultsRoom({ ...idle, running: 3 }, config, all)).toBe(18 * MIB)
    expect(resultsRoom({ ...idle, running: 3, queued: 50, uploading: 9 }, config, all)).toBe(18 * MIB)
    // Of those that go on, one runs beside three newcomers.
    expect(resultsRoom({ ...idle, running: 3, goingOn: 60 }, config, all)).toBe(24 * MIB)
  })

  it('is a small part of a small file system', () => {
    expect(resultsRoom({ ...idle, running: 3 }, config, 64 * MIB)).toBe(MIB)
  })
})
