/** Names as Rust mangles them, on a program that really crashed, without debuginfo: everywhere without the hash of its build. */
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { compile, crash } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { assess, duphashOf, duphashText } from '../../../workers/retrace/satyr/satyr.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

const SOURCE = `
int older(int n) __asm__("_ZN4shop4walk17h265a6bfd93807dc5E");
int newer(int n) __asm__("_RNvCs5Qc8i8mU2Lf_4shop3run");
__attribute__((noinline)) int older(int n) { return *(volatile int *)0 + n; }
__attribute__((noinline)) int newer(int n) { return older(n) + 1; }
int main(void) { return newer(1) + 1; }
`

it('names of Rust have no hash in text, JSON, signature and what is told early', async () => {
  await using folder = await temporaryFolder()
  const core = crash(folder.path, compile(folder.path, 'rusty.c', SOURCE, ['-O1', '-g0']))
  copyModules(core, folder.file('root'))
  const early: (string | undefined)[] = []
  const { text, json } = await retraceIn(core, folder.file('root'), {
    onCrashed: (frames) => early.push(...frames.map((frame) => frame.function)),
  })
  const names = ['shop::walk', 'shop::run', 'main']
  expect(json.threads[0]?.frames.map((frame) => frame.function)).toEqual(names)
  expect(early).toEqual(names)
  expect(text).toMatch(/^#0 .* in shop::walk \(\)$/m)
  expect(text).toMatch(/^#1 .* in shop::run \(\)$/m)
  expect(json.signature.frames.map((name) => name.split('!')[1])).toEqual(names)
  expect(text.slice(0, text.indexOf('\n\nFrom'))).not.toMatch(/h265a6bfd|\[[0-9a-f]{9,}\]/)
})

it('the hash of ABRT is of the names that gdb gives, as its databases have them', async () => {
  await using folder = await temporaryFolder()
  const program = compile(folder.path, 'rusty.c', SOURCE, ['-O1', '-g0'])
  const core = crash(folder.path, program)
  copyModules(core, folder.file('root'))
  const { json } = await retraceIn(core, folder.file('root'))
  const options = ['-nx', '-q', '-batch', '-iex', 'set debuginfod enabled off', '-ex', 'backtrace']
  const said = spawnSync('gdb', [...options, program, core], { encoding: 'utf8' }).stdout
  const theirs = assess(`Thread 1 (LWP 1):\n${said.slice(said.search(/^#0.*\n#1/m))}`.replace(/^/, '\n'))?.crashed
  expect(theirs?.frames[0]?.function).toBe('shop::walk::h265a6bfd93807dc5')
  expect(theirs?.frames[1]?.function).toMatch(/^shop\[[0-9a-f]+\]::run$/)
  expect(json.signature.duphash).toBe(theirs && duphashOf(duphashText(theirs, 'component')))
})
