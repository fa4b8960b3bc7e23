/** What becomes of a copy of debuginfo: what is nobody's fault is tried again, what is the file's is remembered. */
import { expect, it } from 'vitest'
import { ProgramError } from '../../../src/process/error.ts'
import { verdict } from '../../../workers/retrace/indexing/make_copies.ts'

const failure = (kind: ProgramError['kind']) => new ProgramError(kind, kind)
const ended = (code: number | null, signal: NodeJS.Signals | null = null) => ({ code, signal, failure: undefined })
const whole = { isOfBuild: true, isOther: true }

it.each([
  ['ended well, with another file of that build', ended(0), whole, 'made'],
  ['left the file as it was', ended(0), { ...whole, isOther: false }, 'needless'],
  ['left a file of another build, or none', ended(0), { ...whole, isOfBuild: false }, 'failed'],
  ['did not understand the file', ended(1), whole, 'failed'],
  // As they come: we end a program by SIGKILL, whatever for.
  ['took too long', { ...ended(137), failure: failure('timeout') }, whole, 'failed'],
  ['wanted too much memory', { ...ended(null, 'SIGKILL'), failure: failure('too-much') }, whole, 'failed'],
  ['was killed behind the wall', ended(137), whole, 'machine'],
  ['was killed with its wall', ended(null, 'SIGKILL'), whole, 'machine'],
  ['could not be started', { ...ended(1), failure: failure('not-started') }, whole, 'machine'],
])('where the program %s', (_, end, file, expected) => {
  expect(verdict(end, file)).toBe(expected)
})
