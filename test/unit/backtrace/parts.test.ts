import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PartFinder } from '../../../src/backtrace/parts.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What is found when the bytes come in pieces of this size. */
function found(text: string, piece: number) {
  const bytes = encoder.encode(text)
  const finder = new PartFinder()
  for (let at = 0; at < bytes.length; at += piece) finder.add(bytes.subarray(at, at + piece))
  const textOf = ({ start, end }: { start: number; end: number }) => decoder.decode(bytes.subarray(start, end))
  return {
    members: Object.fromEntries([...finder.parts.members].map(([name, range]) => [name, textOf(range)])),
    threads: finder.parts.threads.map(textOf),
  }
}

describe('PartFinder', () => {
  it('finds each member and each thread, however the bytes are cut and whatever the values hold', () => {
    const names = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(...'abcxyz_') }).filter((name) =>
      name !== 'threads'
    )
    const objects = fc.record({
      before: fc.dictionary(names, fc.jsonValue(), { maxKeys: 5 }),
      threads: fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 6 }),
    })
    fc.assert(fc.property(objects, fc.integer({ min: 1, max: 50 }), fc.boolean(), (parts, piece, isIndented) => {
      const whole = { ...parts.before, threads: parts.threads, behind: ['"}],{[', '\\'] }
      const { members, threads } = found(JSON.stringify(whole, undefined, isIndented ? 1 : undefined), piece)
      expect(Object.keys(members)).toEqual(Object.keys(whole))
      for (const [name, value] of Object.entries(whole)) {
        expect(JSON.parse(members[name] ?? '')).toEqual(JSON.parse(JSON.stringify(value)))
      }
      expect(threads.map((thread) => JSON.parse(thread))).toEqual(JSON.parse(JSON.stringify(parts.threads)))
    }))
  })

  it.each(['', '{', '[1,2]', '{"threads":[{"a":1},{"b"', 'no JSON {{{ ]]] "', '{"threads":{"a":[1]}}'])(
    'finds what there is in %s, and does not fail',
    (text) => {
      expect(found(text, 3).threads.length).toBeLessThan(2)
    },
  )
})
