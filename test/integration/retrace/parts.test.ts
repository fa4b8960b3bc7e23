/** Structures and arrays of which the optimizer kept a part: what is there is shown, and what is not is said. */
import { expect, it } from 'vitest'
import { crash } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { compileFixture } from '../../helpers/oracle.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

it.runIf(process.arch === 'x64')(
  'calls optimized out what is so as a whole, and shows of other values the parts that are there',
  async () => {
    await using folder = await temporaryFolder()
    const core = crash(folder.path, compileFixture(folder.path, 'parts.c', 'parts', ['-O2']))
    copyModules(core, folder.file('root'))
    const { text, json } = await retraceIn(core, folder.file('root'), { hostDebug: true })
    const locals = json.threads[0]?.frames.find((frame) => frame.function === 'f')?.locals ?? []
    const told = Object.fromEntries(locals.map(({ name, value, state }) => [name, [state, value]]))
    expect(told).toEqual({
      part: ['cut', '{first = 21, second = <optimized out>}'],
      nested: ['cut', '{in = {first = 35, second = <optimized out>}, n = 3}'],
      none: ['optimized-out', '<optimized out>'],
      array: ['cut', '{7, <optimized out>}'],
    })
    for (const [name, [, value]] of Object.entries(told)) expect(text).toContain(`        ${name} = ${value}\n`)
  },
)
