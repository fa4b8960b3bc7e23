import { describe, expect, it } from 'vitest'
import { Deadline } from '../../../workers/retrace/time/deadline.ts'

describe('Deadline', () => {
  it('keeps a part for the report, and gives shares of what is left', () => {
    let now = 0
    const deadline = new Deadline(60_000, () => now)
    expect(deadline.leftMs()).toBe(54_000)
    now = 44_000
    expect(deadline.share(0.5)).toBe(5_000)
    now = 70_000
    expect([deadline.leftMs(), deadline.isOver]).toEqual([0, true])
  })

  it('gives up a promise that does not settle', async () => {
    const never = new Deadline(1_050).await(new Promise(() => undefined))
    expect(await never).toBeUndefined()
    expect(await new Deadline(60_000).await(Promise.resolve(5))).toBe(5)
    await expect(new Deadline(60_000).await(Promise.reject(new Error('x')))).rejects.toThrow('x')
  })
})
