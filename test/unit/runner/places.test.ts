/** Places of tasks, and who leaves the queue for them. */
import { expect, it } from 'vitest'
import type { Job } from '../../../src/runner/job.ts'
import { Places } from '../../../src/runner/places.ts'

it('lets one leave that has no place yet, at once, and one that has a place or was never there keep what it has', async () => {
  const places = new Places(1)
  const [first, second, third] = ['1', '2', '3'].map((id) => ({ task: { id }, goesOn: false }) as Job) as [
    Job,
    Job,
    Job,
  ]
  const began: string[] = []
  let end = () => undefined as void
  const held = places.hold(first, () => new Promise((resolve) => end = resolve))
  const left = places.hold(second, () => Promise.resolve(void began.push('second')))
  const next = places.hold(third, () => Promise.resolve(void began.push('third')))
  for (const each of [first, second, { ...third }]) places.leave(each)
  await left
  expect([places.isNext(first), began]).toEqual([true, []])
  end()
  await Promise.all([held, next])
  expect(began).toEqual(['third'])
  await expect(places.hold(second, () => Promise.reject(new Error('the disk')))).rejects.toThrow('the disk')
  expect(places.isNext(second)).toBe(false)
})
