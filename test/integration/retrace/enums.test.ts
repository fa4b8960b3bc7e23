/** Values of Rust that gdb prints as if all of them were known, and one over which gdb 13 fails an assertion of its own. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { compile, crash } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

it.runIf(process.arch === 'x64').each([
  ['beside an enum over which gdb fails an assertion of its own', 'run'],
  ['that gdb prints itself', 'alone'],
])('does not say None of an enum whose discriminant is optimized out, %s', async (_, name) => {
  await using folder = await temporaryFolder()
  copyFileSync(join(installationRoot(), 'test', 'fixtures', 'crashes', 'enums.s'), folder.file('enums.s'))
  const main =
    `unsigned long ${name}(unsigned long); int main(int n, char **w) { (void)w; return (int)${name}(n + 2); }`
  const core = crash(folder.path, compile(folder.path, 'main.c', main, [folder.file('enums.s')]))
  copyModules(core, folder.file('root'))
  const { text, json, report } = await retraceIn(core, folder.file('root'), { hostDebug: true })
  const frames = json.threads[0]?.frames ?? []
  expect(frames.map((frame) => frame.function)).toEqual(expect.arrayContaining([`enums::${name}`, 'main']))
  const locals = frames.find((frame) => frame.function === `enums::${name}`)?.locals ?? []
  const shown = new Map([...text.matchAll(/^ {8}(\w+) = (.*)$/gm)].map(([, local, value]) => [local, value]))
  expect(locals.find((local) => local.name === 'opt')).toMatchObject({ state: 'optimized-out' })
  expect(shown.get('opt')).toBe('<optimized out>')
  expect(text).not.toMatch(/None|warning:/)
  expect(report.outcome.code).toBe(name === 'run' ? 'ok-partial' : 'ok')
})
