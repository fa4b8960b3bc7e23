import { describe, expect, it } from 'vitest'
import { isSamePassword, newPassword } from '../../../src/task/password.ts'

describe('newPassword()', () => {
  it('newPassword() makes 22 letters and digits, others each time', () => {
    const passwords = Array.from({ length: 500 }, () => newPassword())
    for (const password of passwords) expect(password).toMatch(/^[a-zA-Z0-9]{22}$/)
    expect(new Set(passwords).size).toBe(500)
  })

  it('throws away the bytes that would make some letters come more often', () => {
    const draws = [
      Uint8Array.of(248, 255, 250, 0),
      new Uint8Array(22).fill(251),
      Uint8Array.from({ length: 22 }, (_, i) => i + 62),
    ]
    const password = newPassword(() => draws.shift()!)
    expect(password).toBe('AABCDEFGHIJKLMNOPQRSTU')
    expect(draws).toEqual([])
  })

  it('uses every letter about as often as any other', () => {
    const counts = new Map<string, number>()
    for (let index = 0; index < 5000; index++) {
      for (const letter of newPassword()) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    const expected = 5000 * 22 / 62
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    // 61 degrees of freedom: above 130 once in a million times.
    expect(chiSquare).toBeLessThan(130)
    expect(counts.size).toBe(62)
  })
})

describe('isSamePassword()', () => {
  it('compares passwords of any length', () => {
    expect(isSamePassword('abc', 'abc')).toBe(true)
    for (const other of ['', 'ab', 'abcd', 'abd', 'ABC']) expect(isSamePassword(other, 'abc')).toBe(false)
  })
})
