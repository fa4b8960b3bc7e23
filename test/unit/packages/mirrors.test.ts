import { describe, expect, it } from 'vitest'
import { FetchError } from '../../../src/packages/format/error.ts'
import { MirrorWalk } from '../../../src/packages/transfer/mirrors.ts'

const MIRRORS = Array.from({ length: 20 }, (_, at) => `http://mirror${at}/`)
const SIGNAL = new AbortController().signal

describe('MirrorWalk', () => {
  it('goes past any number of mirrors that refuse at once, and says how many were asked', () => {
    const walk = new MirrorWalk(MIRRORS)
    const asked: string[] = []
    for (const mirror of walk) {
      asked.push(mirror)
      walk.failed(new FetchError('unreachable', `${mirror} cannot be reached`), SIGNAL)
    }
    expect(asked).toEqual(MIRRORS)
    expect(walk.refusal.message).toBe('http://mirror0/ cannot be reached (all 20 mirrors were asked)')
  })

  it('begins no other one when the time is over, but always the first', () => {
    const walk = new MirrorWalk(MIRRORS, { patienceMs: 0 })
    for (const mirror of walk) walk.failed(new FetchError('timeout', `${mirror} was silent`), SIGNAL)
    expect(walk.refusal.message).toContain('http://mirror0/ was silent (1 of 20 mirrors')
    expect(walk.refusal.kind).toBe('timeout')
  })

  it('says nothing of mirrors where there is one, and goes on with nothing that is no failure of a fetch', () => {
    const walk = new MirrorWalk(['http://only/'])
    for (const _ of walk) walk.failed(new FetchError('not-found', 'http://only/ answered 404'), SIGNAL)
    expect(walk.refusal.message).toBe('http://only/ answered 404')
    expect(() => walk.failed(new TypeError('a fault of ours'), SIGNAL)).toThrow('a fault of ours')
    expect(() => walk.failed(new FetchError('timeout', 'over'), AbortSignal.abort())).toThrow('over')
  })
})
