/** What is said of a worker that died: a row for each way. */
import { describe, expect, it } from 'vitest'
import { causeOfDeath, type Death, outcomeOfDeath } from '../../../src/runner/death.ts'
import { type Advice, adviceText, type OutcomeCode } from '../../../src/task/outcome.ts'

const end = { code: null, signal: null }
const KILLED = { ...end, signal: 'SIGKILL' }

describe('causeOfDeath()', () => {
  it.each<[string, Parameters<typeof causeOfDeath>[0], Parameters<typeof causeOfDeath>[1], Death]>([
    ['the runner ended it', KILLED, { timeoutS: 60, step: 'debug' }, { kind: 'timeout', timeoutS: 60, step: 'debug' }],
    [
      'somebody killed it',
      KILLED,
      { timeoutS: undefined, step: 'debug' },
      { kind: 'signal', signal: 'SIGKILL', step: 'debug' },
    ],
    [
      'it ended by itself',
      { ...end, code: 1 },
      { timeoutS: undefined, step: undefined },
      { kind: 'exit', code: 1, step: undefined },
    ],
    ['it met a full disk at its end', { ...end, code: 4 }, { timeoutS: undefined, step: 'report' }, {
      kind: 'disk-full',
    }],
    [
      'the server met a full disk before it',
      { ...end, error: Object.assign(new Error('x'), { code: 'ENOSPC' }) },
      { timeoutS: undefined, step: undefined },
      { kind: 'disk-full' },
    ],
    [
      'it could not be started',
      { ...end, error: new Error('spawn /x ENOENT') },
      { timeoutS: undefined, step: undefined },
      { kind: 'not-started' },
    ],
  ])('tells by the end of the process why it died: %s', (_, process, about, death) => {
    expect(causeOfDeath(process, about)).toEqual(death)
  })
})

describe('outcomeOfDeath()', () => {
  it.each<[Death, OutcomeCode, Advice, RegExp]>([
    [
      { kind: 'timeout', timeoutS: 60, step: 'debug' },
      'debugger-timeout',
      'debugger-timeout',
      /60 s \(RETRACE_TASK_TIMEOUT_S\).*'debug'/,
    ],
    [{ kind: 'timeout', timeoutS: 60, step: undefined }, 'debugger-timeout', 'debugger-timeout', /stopped\.$/],
    [{ kind: 'timeout', timeoutS: 60, step: 'resolve' }, 'fetch-timeout', 'fetch-timeout', /'resolve'/],
    [{ kind: 'timeout', timeoutS: 60, step: 'fetch' }, 'fetch-timeout', 'fetch-timeout', /'fetch'/],
    [{ kind: 'signal', signal: 'SIGKILL', step: 'debug' }, 'killed', 'killed', /SIGKILL.*'debug'.*memory/],
    [{ kind: 'exit', code: 1, step: undefined }, 'internal', 'internal', /exit code 1 before/],
    [{ kind: 'disk-full' }, 'disk-full', 'disk-full', /could not be written/],
    [{ kind: 'not-started' }, 'server-unfit', 'server-unfit', /could not be started/],
  ])('names a code, what happened and what to do: %j', (death, code, advice, summary) => {
    const outcome = outcomeOfDeath(death)
    expect(outcome).toEqual({ code, summary: expect.stringMatching(summary), next_step: adviceText([advice]) })
  })
})
