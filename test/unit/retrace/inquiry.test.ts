/** What is still worth asking of a core, after some of it was told. */
import { describe, expect, it } from 'vitest'
import { Inquiry } from '../../../workers/retrace/gdb/inquiry.ts'
import { WHOLE_CORE } from '../../helpers/report_parts.ts'

/** Of three threads, the first of which crashed, and of which all has been told. */
function inquiry(): Inquiry {
  const threads = [1, 2, 3].map((lwp) => ({ lwp, pc: 1n, signal: 0 }))
  const asked = new Inquiry({ ...WHOLE_CORE, threads: threads as unknown as typeof WHOLE_CORE.threads }, {
    withDebuginfo: [],
    printers: [],
    modulesOfFile: () => [],
    onCrashed: () => undefined,
  })
  asked.open({
    seen: {
      threads: threads.map(({ lwp }) => ({ number: lwp, lwp })),
      selected: 1,
      architecture: 'i386:x86-64',
      version: '13.1',
    },
    greeting: '',
    symbols: [],
    spared: [],
    unread: [],
    undebugged: [],
    failed: undefined,
    contradictions: [],
  })
  asked.crashed?.spareAll('it was told')
  asked.details.spare('they were told')
  return asked
}

describe('an inquiry', () => {
  it('wants another gdb as long as threads are open, unless there is no room for their text', () => {
    const open = inquiry()
    expect(open.nextLeftOut()).toEqual(new Set())
    open.isTextFull = true
    expect(open.nextLeftOut()).toBeUndefined()
  })

  it('is content with the frames of few when gdb ends over very many, and says how it ended', () => {
    const ended = inquiry()
    for (let times = 1; times <= 8; times++) {
      expect(ended.isWaryOfFrames).toBe(times > 2)
      expect(ended.nextLeftOut()).toEqual(new Set())
      ended.countEnd('frames', times === 1 ? 'hung' : 'ended')
    }
    expect(ended.nextLeftOut()).toBeUndefined()
    expect(ended.conversation().threads.slice(1).map(({ lost }) => lost)).toEqual(
      Array(2).fill([
        { part: 'frames', cause: 'spared', why: 'gdb ended or hung over those of 8 other threads' },
        // With the frames the values are.
      ]),
    )
  })
})
