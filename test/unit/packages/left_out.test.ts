import { describe, expect, it } from 'vitest'
import { LeftOut, OTHER_ARCHITECTURE } from '../../../src/packages/format/left_out.ts'

describe('LeftOut', () => {
  it('counts by reason, the most frequent first, with a few names each', () => {
    const leftOut = new LeftOut()
    leftOut.add('alone', 'its size is none')
    for (const name of ['a', 'a', 'b', 'c', 'd', 'e', 'f']) leftOut.add(name, 'its version is none')
    expect(leftOut.sentences()).toEqual([
      '7 packages left out: its version is none (a, b, c, d, e, ...)',
      '1 package left out: its size is none (alone)',
    ])
    expect(leftOut.count).toBe(8)
  })

  it('says of other architectures, and counts them as nothing that could be taken', () => {
    const leftOut = new LeftOut()
    leftOut.add('x', OTHER_ARCHITECTURE)
    expect(leftOut.sentences()).toEqual(['1 package left out: of another architecture (x)'])
    expect(leftOut.count).toBe(0)
  })

  it('keeps few reasons and short names, whatever a stranger writes', () => {
    const leftOut = new LeftOut()
    for (let at = 0; at < 1000; at++) leftOut.add('n'.repeat(5000), `reason ${at}`)
    expect(leftOut.sentences()).toHaveLength(21)
    expect(leftOut.sentences().join('').length).toBeLessThan(5000)
  })
})
