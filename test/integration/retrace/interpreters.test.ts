/**
 * Interpreters that every machine of ours has, really crashed: which they are, what they ran, and what native frames are to them.
 * Ruby, PHP, the JVM and Go: npm run test:languages.
 */
import { writeFileSync } from 'node:fs'
import { execPath, version } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crash } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

const PERL = 'sub f { my $n = shift; if ($n) { f($n - 1) } else { kill 11, $$; sleep 9 } } f(3);\n'
const NODE = `function hot(n) { let s = 0; for (let i = 0; i < n; i++) s += i % 7; return s }
for (let i = 0; i < 3000; i++) hot(1000)
function f(n) { if (n > 0) return f(n - 1); process.abort() }
[1].map(() => f(3))
`

/** Compiled at its first call, so that what calls abort() is machine code of the process' own. */
const COMPILED = `function f(n) { if (n > 0) return f(n - 1) + 1; if (n === 0) process.abort(); return 0 }
for (let i = 0; i < 3000; i++) f(-1)
f(3)
`
const COMPILING = ['--always-sparkplug', '--no-short-builtin-calls']

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

async function crashed(name: string, program: string, source: string, before: string[] = []) {
  writeFileSync(folder.file(name), source)
  const core = crash(folder.path, program, [...before, folder.file(name), 'secret'])
  const root = folder.file(`${name}.root`)
  copyModules(core, root)
  const { json } = await retraceIn(core, root)
  return { language: json.languages[0], frames: json.threads[0]?.frames ?? [] }
}

describe('interpreters of this machine', () => {
  it('Perl: its version by its own word, its script, its loop', async () => {
    const { language, frames } = await crashed('x.pl', '/usr/bin/perl', PERL, ['-w'])
    expect(language).toMatchObject({
      language: 'perl',
      implementation: 'perl',
      script: folder.file('x.pl'),
      stacks: [],
    })
    expect(language?.version).toMatch(/^5\.\d+\.\d+$/)
    const roles = new Map(frames.map((frame) => [frame.function, frame.role]))
    expect(roles.get('Perl_runops_standard')).toBe('interpreter')
    expect(roles.get('perl_run')).toBe('runtime')
    expect(roles.get('main')).toBe('runtime')
  })

  it('Node.js: its version by its own word, its script, and its functions', async () => {
    const { language, frames } = await crashed('x.cjs', execPath, NODE, ['--stack-size=900'])
    expect(language).toMatchObject({
      language: 'javascript',
      implementation: 'Node.js',
      version: version.slice(1),
      script: folder.file('x.cjs'),
      missing: null,
    })
    expect(new Set(frames.map(({ role }) => role))).toContain('runtime')
  })

  it('Node.js: the code that it made', async () => {
    const { frames } = await crashed('compiled.cjs', execPath, COMPILED, COMPILING)
    const made = frames.filter(({ role }) => role === 'jit')
    expect(made.length).toBeGreaterThan(0)
    expect(made.map((frame) => [frame.function, frame.module])).toEqual(made.map(() => [null, null]))
    expect(frames.find((frame) => frame.function?.startsWith('node::Abort'))?.role).toBe('runtime')
  })
})
