import { describe, expect, it } from 'vitest'
import { Changes } from '../../../src/runner/changes.ts'

/** What has happened by the time that all that was due has run. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0))

describe('Changes', () => {
  it('wakes all who sleep, and nobody before', async () => {
    const changes = new Changes()
    const awake: string[] = []
    for (const name of ['one', 'two']) void changes.next().then(() => awake.push(name))
    await settled()
    expect(awake).toEqual([])
    changes.tell()
    await settled()
    expect(awake).toEqual(['one', 'two'])
  })

  it('keeps no change for who falls asleep after it', async () => {
    const changes = new Changes()
    let isAwake = false
    changes.tell()
    void changes.next().then(() => isAwake = true)
    await settled()
    expect(isAwake).toBe(false)
    changes.tell()
    await settled()
    expect(isAwake).toBe(true)
  })

  it('lets one sleep who falls asleep again while all are woken', async () => {
    const changes = new Changes()
    let count = 0
    void changes.next().then(() => changes.next()).then(() => count++)
    changes.tell()
    await settled()
    expect(count).toBe(0)
  })

  it('wakes one who wants to look again after some time, without a change', async () => {
    await expect(new Changes().next(5)).resolves.toBeUndefined()
  })
})
