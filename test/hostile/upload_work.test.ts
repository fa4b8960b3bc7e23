/**
 * Small uploads that mean much work: each ends with its reason after little of it, and no piece of it keeps other requests
 * waiting. Work is counted as processor time, which a busy machine does not stretch.
 */
import { Buffer } from 'node:buffer'
import { cpuUsage } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { designMembers, makeTar, pack, paxHeader, type TestSpool, testSpool } from '../helpers/archives.ts'
import { COSTLY } from '../helpers/costly_archives.ts'
import { refused, upload } from '../helpers/uploads.ts'

let test: TestSpool

beforeAll(async () => {
  test = await testSpool({ RETRACE_MAX_UNPACKED_MB: '100' })
})
afterAll(() => test[Symbol.asyncDispose]())

/** Milliseconds of processor time: all of it, and the longest piece between two turns of the event loop. */
async function work(attempt: () => Promise<unknown>): Promise<{ all: number; piece: number }> {
  const used = () => {
    const { user, system } = cpuUsage()
    return (user + system) / 1000
  }
  const begin = used()
  let [last, piece, isOver] = [begin, 0, false]
  const turn = () => {
    const now = used()
    piece = Math.max(piece, now - last)
    last = now
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await attempt()
  isOver = true
  return { all: used() - begin, piece }
}

describe('an archive of a few KB', () => {
  it.each(COSTLY)(
    'with %s is refused after little work, none of which keeps others waiting',
    async (_, made, why) => {
      const packed = pack('xz', made())
      expect(packed.length).toBeLessThan(200_000)
      let message = ''
      const { all, piece } = await work(async () => {
        const error = await refused(test, packed, { encoding: 'xz' })
        expect(error.code).toBe(/smaller|larger/.test(error.message) ? 'bad-stream' : 'unpacked-too-large')
        message = error.message
      })
      expect(message).toMatch(why)
      expect(piece).toBeLessThan(100)
      expect(all).toBeLessThan(1500)
    },
  )
})

describe('an archive that is right', () => {
  it('may have a map of as many parts as its core has blocks', async () => {
    const parts = 20_000
    const octets = Buffer.alloc(parts * 512, 7)
    const map = Array.from({ length: parts }, (_, at) => `${at * 4096},512`).join(',')
    const members = Object.entries(designMembers()).filter(([name]) => name !== 'coredump')
    const sparse = [paxHeader([['GNU.sparse.map', map], ['GNU.sparse.size', `${parts * 4096}`]]), {
      name: 'coredump',
      content: octets,
    }]
    const body = makeTar([...members.map(([name, content]) => ({ name, content })), ...sparse])
    const { piece } = await work(() => upload(test, body))
    expect(piece).toBeLessThan(100)
  })
})
