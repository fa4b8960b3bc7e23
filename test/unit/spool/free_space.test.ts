import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FreeSpace, type Reservation } from '../../../src/spool/free_space.ts'
import { property } from '../../helpers/properties.ts'

const MIB = 1024 * 1024

/** A disk with `freeMb`, of which one MiB must stay. */
function disk(freeMb: number) {
  const state = { free: freeMb * MIB }
  return { state, space: new FreeSpace('/', { minFreeMb: 1 }, () => state.free) }
}

describe('FreeSpace', () => {
  it('reads the file system', () => {
    const { bavail, bsize } = statfsSync(tmpdir())
    expect(new FreeSpace(tmpdir(), { minFreeMb: 0 }).free() / (bavail * bsize)).toBeCloseTo(1, 1)
  })

  it('promises down to the minimum and answers 507 naming it below', () => {
    const { space } = disk(11)
    const first = space.reserve(6 * MIB)
    expect(() => space.reserve(4 * MIB + 1)).toThrow(expect.objectContaining({
      code: 'no-space',
      limit: { setting: 'RETRACE_MIN_FREE_MB', value: 1, unit: 'MiB' },
    }))
    const second = space.reserve(4 * MIB)
    expect(() => space.reserve(1)).toThrow('RETRACE_MIN_FREE_MB')
    first[Symbol.dispose]()
    expect(space.reserve(6 * MIB).outstanding).toBe(6 * MIB)
    expect(second.outstanding).toBe(4 * MIB)
  })

  it('keeps from uploads what tasks may still write, for as long as they may', () => {
    const { space } = disk(11)
    let kept = 4 * MIB
    space.keep(() => kept)
    const upload = space.reserve(6 * MIB)
    upload.take(6 * MIB)
    expect(() => upload.take(1)).toThrow('RETRACE_MIN_FREE_MB')
    kept = 0
    upload.take(1)
    expect(upload.outstanding).toBe(10 * MIB)
  })

  it('takes what is written off the promise, and grows it when more comes than was announced', () => {
    const { space, state } = disk(9)
    const upload = space.reserve(MIB)
    upload.take(MIB)
    state.free -= MIB
    upload.settle(MIB)
    expect(upload.outstanding).toBe(0)
    upload.take(MIB)
    expect(() => space.reserve(5 * MIB)).toThrow('RETRACE_MIN_FREE_MB')
    expect(() => upload.take(100 * MIB)).toThrow('RETRACE_MIN_FREE_MB')
  })

  it('lets an upload have the last bytes above the minimum', () => {
    const { space } = disk(3)
    const upload = space.reserve(0)
    upload.take(2 * MIB)
    expect(() => upload.take(1)).toThrow('RETRACE_MIN_FREE_MB')
  })

  it('never goes under the minimum, whatever several uploads announce and write', () => {
    const step = fc.record({ upload: fc.nat(3), bytes: fc.nat(3 * MIB), settle: fc.boolean() })
    const steps = fc.array(step, { maxLength: 60 })
    property(fc.record({ announced: fc.array(fc.nat(4 * MIB), { minLength: 4, maxLength: 4 }), steps }), (run) => {
      const { space, state } = disk(12)
      const uploads: (Reservation | undefined)[] = run.announced.map((bytes) => {
        try {
          return space.reserve(bytes)
        } catch {
          return undefined
        }
      })
      const flying = uploads.map(() => 0)
      for (const { upload, bytes, settle } of run.steps) {
        const reservation = uploads[upload]
        if (reservation === undefined) continue
        try {
          reservation.take(bytes)
          flying[upload]! += bytes
        } catch {
          reservation[Symbol.dispose]()
          state.free -= flying[upload]!
          flying[upload] = 0
          uploads[upload] = undefined
          continue
        }
        if (settle) {
          state.free -= flying[upload]!
          reservation.settle(flying[upload]!)
          flying[upload] = 0
        }
      }
      expect(state.free - flying.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThanOrEqual(MIB)
    })
  })
})
