/** Texts of the process's memory that our scripts read inside gdb: they say where memory ended before the text did. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { compile, crash, run } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { WORKER_ROOT } from '../../helpers/retrace.ts'

const SOURCE = `#include <string.h>
#include <sys/mman.h>
char *page;
int main(void) {
  page = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(page, 'a', 4096);
  strcpy(page + 100, "whole");
  munmap(page + 4096, 4096);
  *(volatile int *)0 = 0;
}
`

it('a text that runs into memory that is not there says so, and is read to its last byte', async () => {
  await using folder = await temporaryFolder()
  const program = compile(folder.path, 'texts.c', SOURCE, ['-w'])
  const core = crash(folder.path, program)
  const script = ['100', '4091', '4096', '200'].map((at) => `print(repr(text_at(0x10000000 + ${at}, 32)))`).join('\\n')
  const { text } = run('gdb-multiarch', [
    ...['-nx', '-q', '-batch', '-iex', 'set auto-load off', '-iex', 'set debuginfod enabled off'],
    ...['-ex', `core-file ${core}`, '-ex', `source ${join(WORKER_ROOT, 'scripts', 'retrace.py')}`],
    ...['-ex', `python exec("${script}")`],
    program,
  ])
  expect(text.split('\n').slice(-5, -1)).toEqual([
    "'whole'",
    "'aaaaa<the rest is not in the core>'",
    "''",
    `'${'a'.repeat(32)}...'`,
  ])
})
