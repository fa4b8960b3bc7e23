/** Values of Rust that gdb prints as if all of them were known, and one over which gdb 13 fails an assertion of its own. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { compile, crash } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

const MAIN = 'unsigned long run(unsigned long); int main(int n, char **w) { (void)w; return (int)run(n + 2); }'

it.runIf(process.arch === 'x64')(
  "does not say None of an enum whose discriminant is optimized out, and keeps every frame of gdb's failed assertion",
  async () => {
    await using folder = await temporaryFolder()
    const compiled = join(installationRoot(), 'test', 'fixtures', 'crashes', 'enums.s')
    copyFileSync(compiled, folder.file('enums.s'))
    const core = crash(folder.path, compile(folder.path, 'main.c', MAIN, [folder.file('enums.s')]))
    copyModules(core, folder.file('root'))
    const { text, json, report } = await retraceIn(core, folder.file('root'), { hostDebug: true })
    const frames = json.threads[0]?.frames ?? []
    expect(frames.map((frame) => frame.function)).toEqual(expect.arrayContaining(['enums::run', 'main']))
    const locals = frames.find((frame) => frame.function === 'enums::run')?.locals ?? []
    const shown = new Map([...text.matchAll(/^ {8}(\w+) = (.*)$/gm)].map(([, name, value]) => [name, value]))
    expect(locals.find(({ name }) => name === 'opt')).toMatchObject({ state: 'optimized-out' })
    expect(shown.get('opt')).toBe('<optimized out>')
    expect(text).not.toMatch(/None|warning:/)
    expect(['ok', 'ok-partial']).toContain(report.outcome.code)
  },
)
