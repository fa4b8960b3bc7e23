/** The crashed thread's frames, told while gdb still works. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { PlainFrame } from '../../../workers/retrace/gdb/answers.ts'
import { parseSatyr } from '../../../workers/retrace/satyr/grammar.ts'
import { threadLines } from '../../../workers/retrace/words/thread.ts'
import { compile, crash } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

const INLINED = 'test/fixtures/crashes/inlined.c'
const ENDLESS = `int deep(int n) { volatile char a[64]; a[0] = n; return deep(n + 1) + a[0]; }
int main(void) { return deep(0); }`

async function early(name: string, source: string, options: string[] = []) {
  await using folder = await temporaryFolder()
  const core = crash(folder.path, compile(folder.path, name, source, options))
  copyModules(core, folder.file('root'))
  const heard: (readonly PlainFrame[])[] = []
  const retraced = await retraceIn(core, folder.file('root'), { onCrashed: (frames) => heard.push(frames) })
  const without = await retraceIn(core, folder.file('root'))
  const lines = threadLines(heard[0] ?? [], { ...retraced, untold: new Set() })
  return { heard, lines, text: retraced.text, without: without.text }
}

describe('the crashed thread', () => {
  it('is told once, before anything else, with the frames that the text has, which is the same without', async () => {
    const { heard, lines, text, without } = await early('inlined.c', readFileSync(INLINED, 'utf8'), ['-O2'])
    expect(heard.length).toBe(1)
    const frames = parseSatyr(text).threads[0]?.frames ?? []
    expect(frames.length).toBeGreaterThan(1)
    const places = (line: string) => line.replace(/^#(\d+) +(0x[0-9a-f]+ in )?(\S+) \(.*\)( at .*)?$/, '$1 $3$4')
    expect(lines.map(places)).toEqual(
      text.split('\n\n')[1]?.split('\n').filter((line) => line.startsWith('#')).map(places),
    )
    expect(text).toBe(without)
  })

  it('is told with its first 64 frames, and how many more there are', async () => {
    const { lines } = await early('endless.c', ENDLESS, ['-O0'])
    expect(lines.length).toBe(65)
    expect(lines[63]).toMatch(/^#63 .* in deep \(\.\.\.\) at .*endless\.c:1$/)
    expect(lines[64]).toBe('(1984 more frames)')
  })
})
