/** The bench holds what docs/goals.md says, number by number. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { GOALS } from '../../bench/goals.ts'

interface Row {
  goal: string
  /** Name, number and unit of each figure in the last column. */
  figures: { name: string; number: string; unit: string }[]
}

const rows: Row[] = readFileSync(join(installationRoot(), 'docs/goals.md'), 'utf8').split('\n')
  .filter((line) => line.startsWith('|')).map((line) => {
    const cells = line.replaceAll('\\|', ' ').split('|').map((cell) => cell.trim())
    const figures = [...(cells[4] ?? '').matchAll(/`([a-z0-9-]+)` ([0-9.]+)(x| ms| s| MiB)/g)]
      .map(([, name = '', number = '', unit = '']) => ({ name, number, unit }))
    return { goal: cells[3] ?? '', figures }
  })

function benchText(): string {
  const folder = join(installationRoot(), 'test/bench')
  return readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'goals.ts')
    .map((name) => readFileSync(join(folder, name), 'utf8')).join('\n')
}

describe('the goals of the bench', () => {
  it('the goals of the bench are those of docs/goals.md, each and no other', () => {
    const said = Object.fromEntries(
      rows.flatMap(({ figures }) => figures).map((each) => [each.name, Number(each.number)]),
    )
    expect(said).toEqual(GOALS)
  })

  it('stand in the goal of their own row', () => {
    for (const { goal, figures } of rows) {
      for (const { number, unit } of figures) expect(goal).toContain(`${number}${unit}`)
    }
  })

  it.each(Object.keys(GOALS))('the bench measures %s against its goal', (name) => {
    const text = benchText()
    expect(text).toContain(`GOALS['${name}']`)
    // Some names are put together there: retrace-NAME-over-gdb.
    const [figure] = new RegExp(`'${name}',[^]*?goal: [^,}]*`).exec(text) ?? [`GOALS['${name}']`]
    expect(figure).toContain(`GOALS['${name}']`)
  })
})
