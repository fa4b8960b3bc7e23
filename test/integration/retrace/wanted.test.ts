/** What is missed of real slim cores: nothing of the usual one, though its environment is left out; something of a smaller one. */
import { expect, it } from 'vitest'
import { wantedOf } from '../../../workers/retrace/wanted.ts'
import { crashPython } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'
import { slimTo } from '../../helpers/slim.ts'

it('misses what a smaller budget leaves out, and not the environment behind the last argument', async () => {
  await using folder = await temporaryFolder()
  const core = crashPython(folder.path)
  copyModules(core, folder.file('root'))
  const wanted = async (name: string, budget?: number) => {
    slimTo(core, folder.file(name), budget === undefined ? {} : { budget })
    const { core: slim, debugged } = await retraceIn(folder.file(name), folder.file('root'))
    const said = debugged.conversation
    if (said === undefined) throw new Error('gdb said nothing')
    return { ranges: wantedOf(slim, said, []), leftOut: slim.leftOut?.ranges ?? [] }
  }
  const [usual, small] = await Promise.all([wanted('usual'), wanted('small', 0)])
  expect(usual.ranges).toEqual([])
  expect(small.ranges.length).toBeGreaterThan(0)
  for (const { start, length } of small.ranges) {
    const isLeftOut = small.leftOut.some((range) => start >= range.start && start + BigInt(length) <= range.end)
    expect(isLeftOut).toBe(true)
  }
}, 60_000)
