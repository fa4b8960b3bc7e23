/** Requests taken back, counted for each client over a minute. */
import { expect, it } from 'vitest'
import { TakenBack } from '../../../src/http/taken_back.ts'

it('counts those of one client within a minute, and no other client', () => {
  let time = 0
  const takenBack = new TakenBack({ limit: 3, now: () => time })
  for (let times = 0; times < 3; times++) {
    expect(takenBack.isTooMany('a')).toBe(false)
    takenBack.add('a')
  }
  expect([takenBack.isTooMany('a'), takenBack.isTooMany('b')]).toEqual([true, false])
  time = 60_001
  expect(takenBack.isTooMany('a')).toBe(false)
})
