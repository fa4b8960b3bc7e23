/** The fuzzer finds what it is there to find, and what it once found stays mended. */
import { Buffer } from 'node:buffer'
import { afterAll, describe, expect, it } from 'vitest'
import { fault } from '../fuzz/check.ts'
import { mutate } from '../fuzz/mutate.ts'
import { Random } from '../fuzz/random.ts'
import { ORDINARY, type Target } from '../fuzz/target.ts'
import { findsOf, TARGETS } from '../fuzz/targets.ts'

const made = (read: Target['read']): Target => ({
  seeds: () => [],
  words: [],
  maxBytes: 4096,
  read,
  isOurs: (error) => error instanceof RangeError,
  cost: ORDINARY,
})
const input = Buffer.from('an input that names /the/file')
const canary = { path: '/the/file', secret: 'what it holds' }

describe('a reader that is fuzzed', () => {
  it('may refuse an input with an error of its own', async () => {
    const refuses = made(() => {
      throw new RangeError('no')
    })
    expect(await fault(refuses, input, canary)).toBeUndefined()
  })

  it('is at fault with any other error', async () => {
    const breaks = made(() => Promise.reject(new TypeError('undefined is no function')))
    expect(await fault(breaks, input, canary)).toMatch(/^threw TypeError: undefined is no function/)
  })

  it('is at fault when it takes more time than its input explains', async () => {
    const slow = made(() => {
      for (const start = process.cpuUsage(); process.cpuUsage(start).user < 110_000;);
    })
    expect(await fault(slow, input, canary)).toMatch(/ms of processor time for 29 bytes, at most 100/)
  })

  it('is at fault when it takes more memory than its input explains', async () => {
    const kept: Uint8Array[] = []
    const greedy = made(() => kept.push(Buffer.alloc(60 << 20, 1)))
    expect(await fault(greedy, input, canary)).toMatch(/MiB for 29 bytes, at most 48/)
  })

  it('is at fault when it tells what a file of this machine holds', async () => {
    expect(await fault(made(() => ({ found: ['what it holds'] })), input, canary)).toBe('told what /the/file holds')
  })
})

describe('an input that is made of another', () => {
  it('differs from it most of the time, is never too long, and comes again with the same seed', () => {
    const material = { others: [input], words: ['word'], maxBytes: 200 }
    const run = () => {
      const random = new Random(7)
      return Array.from({ length: 1000 }, () => Buffer.from(mutate(input, random, material)).toString('hex'))
    }
    const texts = run()
    expect(texts).toEqual(run())
    expect(texts.filter((text) => text !== input.toString('hex')).length).toBeGreaterThan(900)
    expect(Math.max(...texts.map((text) => text.length / 2))).toBeLessThanOrEqual(200)
  })
})

describe.each(Object.entries(TARGETS))('the reader of %s', (name, target) => {
  afterAll(async () => await target.close?.())

  it('holds what it must for its seeds', async () => {
    for (const seed of await target.seeds()) {
      expect(await fault(target, seed.subarray(0, target.maxBytes), canary)).toBeUndefined()
    }
  })

  const finds = findsOf(name)
  it.runIf(finds.length > 0).each(finds)('holds what it must for the find $file', async ({ input }) => {
    expect(await fault(target, input, canary)).toBeUndefined()
  })
})
