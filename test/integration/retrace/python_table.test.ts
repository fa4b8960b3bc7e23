/**
 * The table `_Py_DebugOffsets` of CPython 3.13, looked for without symbols in a process that has its cookie in other places, too: a program
 * with a table, an interpreter and its threads, laid out as CPython has them, that really crashed.
 */
import { renameSync } from 'node:fs'
import { expect, it } from 'vitest'
import { compile, crash } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

const SOURCE = `
#define _GNU_SOURCE
#include <stddef.h>
#include <pthread.h>
#include <unistd.h>
#include <sys/syscall.h>
struct thread { void *interpreter; struct thread *next; void *frame; unsigned long lwp; };
struct interpreter { struct interpreter *next; struct thread *threads; };
struct table { char cookie[8]; unsigned long version, without_lock, offsets[128]; struct interpreter *head; };
#define VERSION 0x030d05f0
#define OFFSETS { [2] = offsetof(struct table, head), [5] = offsetof(struct interpreter, next), \\
  [6] = offsetof(struct interpreter, threads), [18] = offsetof(struct thread, next), [19] = offsetof(struct thread, interpreter), \\
  [20] = offsetof(struct thread, frame), [22] = offsetof(struct thread, lwp) }
struct {
  char text[32];
  struct table unknown, wrong, stale, real;
} all __attribute__((aligned(64))) = {
  .text = "cookie: xdebugpy",
  .unknown = { "xdebugpy", 0x03630000, 0, {} },
  .wrong = { "xdebugpy", VERSION, 0, { -1ul, -1ul, -1ul } },
  .stale = { "xdebugpy", VERSION, 0, OFFSETS },
  .real = { "xdebugpy", VERSION, 0, OFFSETS },
};
static struct interpreter interpreter;
static struct thread threads[3];
static struct interpreter other = { 0, threads };
static void *wait(void *own) { ((struct thread *)own)->lwp = syscall(SYS_gettid); pause(); return own; }
int main(void) {
  pthread_t thread;
  for (int i = 0; i < 3; i++) threads[i] = (struct thread){ &interpreter, i < 2 ? threads + i + 1 : 0, i == 0 ? (void *)16 : 0, 0 };
  interpreter.threads = threads;
  all.real.head = &interpreter;
  all.stale.head = &other;
  for (int i = 0; i < 2; i++) pthread_create(&thread, 0, wait, threads + i);
  threads[2].lwp = syscall(SYS_gettid);
  while (!threads[0].lwp || !threads[1].lwp) usleep(1000);
  *(volatile int *)0 = 1;
}
`

it('is found behind false cookies, the crashed thread is told first, and nothing is said to run only where nothing does', async () => {
  await using folder = await temporaryFolder()
  const program = folder.file('python3.13')
  renameSync(compile(folder.path, 'program.c', SOURCE, ['-pthread', '-w', '-g0', '-s']), program)
  const core = crash(folder.path, program)
  copyModules(core, folder.file('root'))
  const { json, text, debugged } = await retraceIn(core, folder.file('root'))
  expect(json.languages[0]).toMatchObject({
    language: 'python',
    version: '3.13.5',
    layout: 'debug-offsets',
    missing: null,
  })
  const said = debugged.conversation?.languages?.languages[0]?.stacks.map((
    { lwp, stopped },
  ) => [Number(lwp), stopped !== undefined])
  const lwps = json.threads.map(({ lwp }) => lwp)
  expect(said?.map(([lwp]) => lwp).toSorted()).toEqual(lwps.toSorted())
  expect(said?.[0]).toEqual([lwps[0], false])
  expect(text).toMatch(/^Python stack of thread 1 \(LWP \d+\), which crashed \(nothing runs\):$/m)
  expect(text.match(/^Python stack of .*\(nothing runs\):$/gm)?.length).toBe(2)
  expect(text.match(/^Python stack of .*\(none of it could be read\):\n {2}\(Ends here: /gm)?.length).toBe(1)
})

it('says that there is none, where an interpreter has neither symbols nor a table', async () => {
  await using folder = await temporaryFolder()
  const program = folder.file('python3.11')
  const source = 'int main(void) { *(volatile int *)0 = 1; }'
  renameSync(compile(folder.path, 'program.c', source, ['-g0', '-s']), program)
  const core = crash(folder.path, program)
  copyModules(core, folder.file('root'))
  const { json, text } = await retraceIn(core, folder.file('root'))
  expect(json.languages[0]).toMatchObject({ stacks: [], missing: expect.stringContaining('no symbol and no table') })
  expect(text).toContain('(The stacks of Python are missing: ')
})
