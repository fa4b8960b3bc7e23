import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { countEnd } from '../../../src/runner/count.ts'
import { adviceText, OUTCOME_CODES } from '../../../src/task/outcome.ts'
import { outcomeText, readOutcome } from '../../../src/task/outcome_file.ts'
import { taskWith } from '../../helpers/task_directory.ts'

const OUTCOME = { code: 'ok-partial', summary: '2 frames.', next_step: 'Ask.' } as const

describe('adviceText()', () => {
  it.each(OUTCOME_CODES)('adviceText() has a whole sentence for %s', (code) => {
    expect(adviceText([code])).toMatch(/^[A-Z].*\.$/)
  })

  it('says several things in the order in which they were given', () => {
    expect(adviceText(['ok', 'killed'])).toBe(`${adviceText(['ok'])} ${adviceText(['killed'])}`)
  })
})

describe('outcome.json', () => {
  it('reads outcome.json as it was written', async () => {
    const seconds = { read: 0.1, resolve: 1, fetch: 0, assemble: 0.01, debug: 2.5, report: 0, total: 3.61 }
    const modules = { total: 3, exact: 2, by_path: 0, no_debuginfo: 1, missing: 0, mismatch: 0 }
    const known = { package: 'bash', release: 'debian-12-amd64', seconds, modules, packages: { here: 4, fetched: 1 } }
    await using directory = await taskWith({ 'outcome.json': outcomeText(OUTCOME, { step: 'debug', ...known }) })
    expect(readOutcome(directory.task)).toEqual({ ...OUTCOME, ...known })
  })

  it('says null where the runner of a dead worker knows nothing', () => {
    const text = outcomeText(OUTCOME, { step: undefined, package: undefined, release: undefined })
    expect(JSON.parse(text)).toEqual({ ...OUTCOME, step: null, package: null, release: null })
  })

  it.each(['', '{', '[]', '{"code":"ok"}', 'null'])('reads nothing from a damaged outcome.json: %s', async (text) => {
    await using directory = await taskWith({ 'outcome.json': text })
    expect(readOutcome(directory.task)).toBeUndefined()
  })

  it('costs the outcome nothing where only its numbers are damaged', async () => {
    const text = JSON.stringify({ ...OUTCOME, package: 7, seconds: { debug: -1 }, modules: 'many' })
    await using directory = await taskWith({ 'outcome.json': text })
    expect(readOutcome(directory.task)).toMatchObject({ ...OUTCOME, package: undefined, seconds: undefined })
  })

  it('gives metrics no label that is not of a closed list, whatever words it holds', async () => {
    const text = JSON.stringify({
      ...OUTCOME,
      code: 'a-code-of-tomorrow',
      seconds: { debug: 2, dance: 3 },
      modules: { total: 1, exact: 1, perfect: 5 },
      packages: { here: 1, 'X-Task-Id': 9 },
    })
    await using directory = await taskWith({ 'outcome.json': text })
    const outcome = readOutcome(directory.task)
    expect(outcome).toMatchObject({ code: 'unknown', summary: OUTCOME.summary })
    const metrics = createMetrics()
    countEnd(metrics, { state: 'FINISHED_SUCCESS', outcome, seconds: 4 })
    const shown = await metrics.registry.metrics()
    expect(shown).toContain('retrace_tasks_ended_total{state="FINISHED_SUCCESS",outcome="unknown"} 1')
    expect(shown).toContain('retrace_step_seconds_sum{step="debug"} 2')
    for (const word of ['tomorrow', 'dance', 'perfect', 'X-Task-Id', 'step="total"']) expect(shown).not.toContain(word)
  })
})
