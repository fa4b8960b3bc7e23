/** What decides beside the frames: cores that no debugger is started for, and why threads are not shown. */
import { describe, expect, it } from 'vitest'
import { type EndOfQuestions, type WhyAbsent, whyAbsent } from '../../../workers/retrace/outcome/loss.ts'
import type { Reason } from '../../../workers/retrace/outcome/reason.ts'
import { unusableCore } from '../../../workers/retrace/outcome/unusable_core.ts'
import { WHOLE_CORE } from '../../helpers/report_parts.ts'

describe('whyAbsent()', () => {
  const nothing = { end: undefined, isLate: false, isTextFull: false }
  it.each<[string, EndOfQuestions, WhyAbsent]>([
    ['the text was full', { ...nothing, isTextFull: true }, 'text-full'],
    ['gdb did not come to its end', { ...nothing, end: { kind: 'timeout', detail: '' } }, 'late'],
    [
      'gdb crashed, whatever else',
      { end: { kind: 'exit', detail: '' }, isLate: true, isTextFull: true },
      'debugger-ended',
    ],
    ['the time was over', { ...nothing, isLate: true }, 'late'],
    ['we ended gdb ourselves', { ...nothing, end: { kind: 'closed', detail: '' } }, 'unanswered'],
  ])('tells why threads are not shown when %s', (_, end, why) => {
    expect(whyAbsent(end)).toBe(why)
  })
})

describe('unusableCore()', () => {
  it.each<[string, Partial<typeof WHOLE_CORE>, Reason | undefined]>([
    ['a whole one', {}, undefined],
    [
      'one of a machine that nobody knows',
      { architecture: undefined },
      { kind: 'unknown-machine', machine: 62, bits: 64, littleEndian: true },
    ],
    ['one without threads', { threads: [] }, { kind: 'no-threads' }],
    [
      'one that ends before its threads',
      { threads: [], truncated: { missingBytes: 7n, segments: 1 } },
      { kind: 'cut-before-threads', missingBytes: 7n },
    ],
  ])('tells of %s whether a debugger is worth starting', (_, change, reason) => {
    expect(unusableCore({ ...WHOLE_CORE, ...change })).toEqual(reason)
  })
})
