import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../../../src/config/settings.ts'
import { OUTCOME_CODES } from '../../../src/task/outcome.ts'
import { installationRoot } from '../../../src/program/program.ts'

const text = (path: string) => readFileSync(join(installationRoot(), path), 'utf8')
const runbook = text('ops/RUNBOOK.md')

describe('the runbook', () => {
  it('the runbook has a section for every alert, and for no other', () => {
    const alerts = [...text('ops/prometheus/retrace.rules.yml').matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) =>
      name
    )
    expect([...runbook.matchAll(/^### (\w+)$/gm)].map(([, name]) => name)).toEqual(alerts)
  })

  it('the runbook has a row for every outcome', () => {
    expect([...runbook.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code)).toEqual(OUTCOME_CODES)
  })

  it('names no setting that there is not', () => {
    const named = runbook.match(/\bRETRACE_[A-Z_]+[A-Z]\b/g) ?? []
    const names = Object.values(SETTINGS).map(({ name }): string => name)
    expect(named.filter((name) => !names.includes(name))).toEqual([])
  })
})
