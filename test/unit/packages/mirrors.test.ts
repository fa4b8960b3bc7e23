import { describe, expect, it } from 'vitest'
import { FetchError } from '../../../src/packages/format/error.ts'
import { MirrorWalk } from '../../../src/packages/transfer/mirrors.ts'

const MIRRORS = Array.from({ length: 20 }, (_, at) => `http://mirror${at}/`)
const SIGNAL = new AbortController().signal

describe('MirrorWalk', () => {
  it('goes past any number of mirrors that refuse at once, and says how many were asked', () => {
    const walk = new MirrorWalk(MIRRORS, { patienceMs: 60_000 })
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
    expect(walk.refusal.message).toContain(
      'http://mirror0/ was silent (1 of 20 mirrors, for 0 s (RETRACE_MIRRORS_S), were asked)',
    )
    expect(walk.refusal.kind).toBe('timeout')
  })

  it.each(
    [
      [
        ['not-found', 'unreachable', 'not-found'],
        'unreachable',
        /^1 .*\(all 3 mirrors were asked: 2 not-found, 1 unreachable\)$/,
      ],
      [['unreachable', 'not-found', 'not-found'], 'unreachable', /^0 /],
      [['refused', 'timeout', 'malformed'], 'timeout', /^1 .*: 1 refused, 1 timeout, 1 malformed\)$/],
      [['not-found', 'malformed'], 'malformed', /^1 /],
      [['not-found', 'not-found'], 'not-found', /^0 .*\(all 2 mirrors were asked\)$/],
    ] as const,
  )('takes %j together as the one that passes soonest, whichever came first', (kinds, kind, message) => {
    const walk = new MirrorWalk(MIRRORS.slice(0, kinds.length), { patienceMs: 60_000 })
    let at = 0
    for (const _ of walk) {
      const own = kinds[at] ?? 'not-found'
      walk.failed(new FetchError(own, `${at++} failed`, { isHost: own === 'unreachable' }), SIGNAL)
    }
    expect(walk.refusal.kind).toBe(kind)
    expect(walk.refusal.message).toMatch(message)
    // One of them has answered.
    expect(walk.refusal.isHost).toBe(false)
  })

  it('asks no other mirror where there is no space', () => {
    const walk = new MirrorWalk(MIRRORS, { patienceMs: 60_000 })
    expect(() => walk.failed(new FetchError('no-space', 'full'), SIGNAL)).toThrow('full')
  })

  it('says nothing of mirrors where there is one, and goes on with nothing that is no failure of a fetch', () => {
    const walk = new MirrorWalk(['http://only/'], { patienceMs: 60_000 })
    for (const _ of walk) walk.failed(new FetchError('not-found', 'http://only/ answered 404'), SIGNAL)
    expect(walk.refusal.message).toBe('http://only/ answered 404')
    expect(() => walk.failed(new TypeError('a fault of ours'), SIGNAL)).toThrow('a fault of ours')
    expect(() => walk.failed(new FetchError('timeout', 'over'), AbortSignal.abort())).toThrow('over')
  })
})
