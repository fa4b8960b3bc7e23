import { expect, it } from 'vitest'
import { bytesSource } from '../../../src/elf/bytes_source.ts'
import { moreOf } from '../../../src/slim/more.ts'
import { PAGE, Pages } from '../../../src/slim/pages.ts'

const START = 0x10000
const COUNT = 64

it('what was asked for is sent whole, whatever it points to, and wherever it lies', () => {
  const bytes = new Uint8Array(COUNT * PAGE)
  const view = new DataView(bytes.buffer)
  const asked = { start: (COUNT - 1) * PAGE, length: 512 }
  for (let at = 0; at < asked.length; at += 8) {
    view.setBigUint64(asked.start + at, BigInt(START + ((at / 8) % 20) * 3 % (COUNT - 2) * PAGE + PAGE - 8), true)
  }
  const source = bytesSource(bytes)
  for (const most of [512, 4096, 2 * 4096, 10_000, 64 * 1024]) {
    const pages = new Pages(source, [{ start: START, end: START + bytes.length, fileOffset: 0, flags: 6 }])
    const sent = moreOf(pages, source, {
      ranges: [{ start: BigInt(START + asked.start), length: asked.length }],
      within: [{ start: BigInt(START), length: bytes.length }],
      most,
      form: { wordSize: 8, littleEndian: true },
      needles: [],
      except: [],
    })
    const last = sent.at(-1)
    expect(last === undefined ? 0 : last.start + last.bytes.length).toBe(START + asked.start + asked.length)
    const all = sent.reduce((sum, { bytes: each }) => sum + each.length, 0)
    expect(all).toBeLessThanOrEqual(most)
    if (most >= 2 * PAGE) expect(all).toBeGreaterThan(asked.length)
  }
})
