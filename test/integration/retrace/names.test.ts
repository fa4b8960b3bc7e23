/**
 * Names that are bytes of no encoding: files, folders, functions, threads and text in memory. A name that cannot be read
 * costs nothing but its own odd characters.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crash } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { copyModules, type Retraced, retraceIn } from '../../helpers/retrace.ts'

/** A function and a thread are named in Latin-1, and a text in memory is. */
const SOURCE = `
#define _GNU_SOURCE
#include <pthread.h>
struct word { char text[8]; };
int odd(int *p, struct word *word) __asm__("caf\\xe9");
__attribute__((noinline)) int odd(int *p, struct word *word) { struct word mine = *word; return *(volatile int *)p + mine.text[0]; }
int main(void) {
  struct word word = { "na\\xefve" };
  const char *raw = "\\xe9t\\xe9s";
  pthread_setname_np(pthread_self(), "caf\\xe9");
  return odd((int *)8, &word) + raw[0];
}
`

let folder: Folder
let retraced: Retraced

/** Runs a line of shell in which \`$odd\` is a name with a byte that is no UTF-8. */
function shell(line: string): void {
  execFileSync('bash', ['-c', `odd=$(printf 'caf\\xe9'); ${line}`], { cwd: folder.path, stdio: 'pipe' })
}

beforeAll(async () => {
  folder = await temporaryFolder()
  writeFileSync(folder.file('prog.c'), SOURCE)
  shell('mkdir "$odd" && cp prog.c "$odd/$odd.c" && cd "$odd" && gcc -g -O0 -w -pthread -o "$odd" "$odd.c"')
  shell('ln -s "$odd/$odd" program') // what runs, and what the core names, is the file with the odd name
  const core = crash(folder.path, folder.file('program'))
  retraced = await retraceIn(core, root(core))
})

afterAll(async () => await folder[Symbol.asyncDispose]())

/** The files of the core; the program under the name that our own reader of cores gives it. */
function root(core: string): string {
  const path = folder.file('root')
  copyModules(core, path)
  shell(`mkdir -p 'root${folder.path}/caf\ufffd' && cp "$odd/$odd" 'root${folder.path}/caf\ufffd/caf\ufffd'`)
  return path
}

describe('names that are no UTF-8', () => {
  it('names of files, folders, the program and a function that are no UTF-8 leave every frame with its line', () => {
    const { json, report } = retraced
    expect(json.threads[0]?.frames.map((frame) => [frame.function, frame.file, frame.line])).toEqual([
      ['caf\ufffd', 'caf\ufffd.c', 6],
      ['main', 'caf\ufffd.c', 11],
    ])
    expect(report.outcome).toMatchObject({ code: 'ok' })
  })

  it('leave the text whole', () => {
    expect(retraced.text.match(/^#0 .* in caf\ufffd \(p=0x8, word=0x\w+\) at caf\ufffd\.c:6$/gm)).toHaveLength(2)
    expect(retraced.text).toMatch(/^#1 .* in main \(\) at caf\ufffd\.c:11$/m)
  })

  it('shows a name in the memory of the process that is no UTF-8 as numbers, byte by byte', () => {
    const values = retraced.json.threads[0]?.frames.flatMap((frame) => frame.locals).map(({ value }) => value)
    expect(values).toContain('{text = "na\\357ve\\000\\000"}')
    expect(values).toContainEqual(expect.stringMatching(/^0x[0-9a-f]+ "\\351t\\351s"$/))
    expect(retraced.text).toMatch(/^ +mine = \{text = "na\\357ve\\000\\000"\}$/m)
  })

  it('cost none of the other questions', () => {
    expect(retraced.debugged.conversation?.problems).toEqual([])
    expect(Object.keys(retraced.json.registers).length).toBeGreaterThan(10)
    expect(retraced.text).toMatch(/^0x\w+ +0x\w+ +Yes .*\/libc\.so\.6$/m)
  })
})
