/** Names as Rust mangles them, on a program that really crashed, without debuginfo: everywhere without the hash of its build. */
import { expect, it } from 'vitest'
import { compile, crash } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
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
