/** Which question about a thread is worth asking after others have failed, and what its answer is made of in the end. */
import { describe, expect, it } from 'vitest'
import type { FramesAnswer, PlainFrame } from '../../../workers/retrace/gdb/answers.ts'
import { ThreadRecord } from '../../../workers/retrace/gdb/thread_record.ts'
import type { FrameValues } from '../../../workers/retrace/gdb/values.ts'
import { resolvedModule } from '../../helpers/report_parts.ts'

const { module } = resolvedModule()
const frame = (name: string): PlainFrame => ({
  pc: 1n,
  kind: 'normal',
  function: name,
  file: undefined,
  line: undefined,
})

function frames(names: string[], change: Partial<FramesAnswer> = {}): FramesAnswer {
  return {
    frames: names.map(frame),
    pointer: undefined,
    sp: undefined,
    stop: undefined,
    more: false,
    complete: true,
    fault: undefined,
    ...change,
  }
}

const values = (count: number): Map<number, FrameValues> =>
  new Map(Array.from({ length: count }, (_, level) => [level, { arguments: [], locals: [] }]))

const FAULT = { pc: 1n, why: 'Dwarf Error: x', isOfSymbols: true }
const PART = { complete: false }

function record(): ThreadRecord {
  return new ThreadRecord({ number: 3, lwp: 30 })
}

describe('a thread', () => {
  it('is asked for its frames, its text, its values, and is told then', () => {
    const thread = record()
    expect([thread.isUntouched, thread.next]).toEqual([true, 'frames'])
    thread.tellFrames(frames(['f', 'main']))
    expect(thread.next).toBe('text')
    thread.tellText('#0', false)
    expect(thread.next).toBe('values')
    thread.tellValues(values(2))
    expect(thread.next).toBeUndefined()
    expect(thread.answer()).toMatchObject({ text: '#0', lost: [], frames: [{ function: 'f' }, { function: 'main' }] })
  })

  it('loses nothing but the text when gdb ends over that, and the values came', () => {
    const thread = record()
    thread.tellFrames(frames(['f', 'main']))
    thread.loseText('ended', 'SIGSEGV')
    thread.tellValues(values(2))
    expect([thread.next, thread.answer()?.lost]).toEqual([undefined, []])
  })

  it('misses the values of the frames that were not asked for one by one, when the text is lost', () => {
    const thread = record()
    thread.tellFrames(frames(['f', 'g', 'main']))
    thread.loseText('ended', 'SIGSEGV')
    thread.tellValues(values(2))
    expect(thread.answer()?.lost).toEqual([{ part: 'values', cause: 'ended', why: 'SIGSEGV' }])
  })

  it('is asked for the text of a plain backtrace when gdb ends over all values', () => {
    const thread = record()
    thread.tellFrames(frames(['f', 'main']))
    thread.loseText('ended', 'SIGSEGV')
    thread.loseValues('ended', 'SIGSEGV', new Map())
    expect(thread.next).toBe('plain')
    thread.tellPlain('#0  f ()', [frame('f'), frame('main')])
    expect(thread.next).toBeUndefined()
    expect(thread.answer()).toMatchObject({ plain: '#0  f ()', lost: [{ part: 'values', cause: 'ended' }] })
  })

  it('is walked step by step when gdb ends over its frames, keeps those before, and takes more from the text', () => {
    const thread = record()
    thread.walkCarefully(frames(['f'], PART))
    expect(thread.next).toBe('careful')
    thread.loseFrames('ended', 'SIGSEGV', frames(['f', 'g'], PART))
    expect(thread.next).toBe('values')
    thread.tellValues(values(2))
    expect(thread.next).toBe('plain')
    thread.tellPlain('...', [frame('f'), frame('g'), frame('h')])
    expect(thread.answer()?.frames.map((each) => each.function)).toEqual(['f', 'g', 'h'])
    expect(thread.answer()?.lost).toEqual([{ part: 'frames', cause: 'ended', why: 'SIGSEGV' }])
  })

  it('takes the frames without some debuginfo when they go further, and the first ones when they do not', () => {
    const better = record()
    better.retryWithout(new Set([module]), frames(['f'], { fault: FAULT }), 'frames')
    expect([better.next, better.isUntouched]).toEqual(['frames', false])
    better.tellFrames(frames(['f', 'main']))
    expect([better.next, better.leftOut.has(module)]).toEqual(['text', true])
    const worse = record()
    worse.retryWithout(new Set([module]), frames(['f', 'main'], { fault: FAULT }), 'frames')
    worse.tellFrames(frames(['f'], { fault: FAULT }))
    expect([worse.answer()?.frames.length, worse.leftOut.size, worse.next]).toEqual([2, 0, 'values'])
  })

  it('does not count inlined calls when it compares, since without debuginfo there are none', () => {
    const thread = record()
    const inlined = { ...frame('inlined'), kind: 'inline' as const }
    thread.retryWithout(new Set([module]), {
      ...frames(['f', 'main'], { fault: FAULT }),
      frames: [frame('f'), inlined, frame('main')],
    }, 'frames')
    thread.tellFrames(frames(['f', 'main']))
    expect(thread.leftOut.size).toBe(1)
  })

  it('has no answer before anything was told of it', () => {
    expect(record().answer()).toBeUndefined()
  })
})
