/** What gdb says of a slim core: the same as of the full one, or that memory is unavailable; never anything else. */
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { type Core, readCore } from '../../../src/elf/core.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { compile, crash, crashPython, fixtureCore, fixtureFiles } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compare, slimTo } from '../../helpers/slim.ts'

const CRASHES = `#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
struct node { int id; char *name; struct node *next; double weights[40]; };
char *changed = "as the file has it";
char zeros[1 << 20];
static struct node *list(int length) {
  struct node *first = NULL;
  for (int i = 0; i < length; i++) {
    struct node *each = calloc(1, sizeof *each + 9000);
    *each = (struct node){ i, malloc(5000), first, { 0.5 } };
    sprintf(each->name, "node %d", i);
    first = each;
  }
  return first;
}
__attribute__((noinline)) int deep(int depth, struct node *nodes) {
  struct node here = { depth, "here", nodes, { 1.5 } };
  char *global = changed, *empty = zeros + 70000;
  if (depth == 0) *(volatile int *)0 = here.id;
  return deep(depth - 1, &here) + (int)strlen(global) + *empty;
}
static void *wait(void *arg) { char local[] = "waits"; for (;;) pause(); return local; }
static void handler(int number) { int in_handler = number; abort(); (void)in_handler; }
int main(int argc, char **argv) {
  char *home = getenv("HOME"), *kind = argv[1];
  changed[0] ? changed = strdup("as the process changed it") : 0;
  memset(zeros + 69000, 'z', 2000);
  struct node *nodes = list(atoi(argv[2]));
  if (!strcmp(kind, "threads")) for (int i = 0; i < 20; i++) { pthread_t t; pthread_create(&t, NULL, wait, NULL); }
  if (!strcmp(kind, "threads")) usleep(100000);
  if (!strcmp(kind, "alternate") || !strcmp(kind, "exhausted")) {
    stack_t other = { .ss_sp = malloc(65536), .ss_size = 65536 };
    sigaltstack(&other, NULL);
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
    sigaction(SIGSEGV, &action, NULL);
  }
  if (!strcmp(kind, "unset")) unsetenv("GONE");
  if (!strcmp(kind, "taken")) { argv[3] = NULL; argc = 3; }
  if (!strcmp(kind, "turned")) { char *last = argv[3]; argv[3] = argv[1]; argv[1] = last; }
  if (!strcmp(kind, "abort")) abort();
  if (!strcmp(kind, "free")) { free(nodes->name); free(nodes->name); }
  if (!strcmp(kind, "smashed")) { memset(&nodes, 'x', 64); }
  return deep(!strcmp(kind, "exhausted") ? 100000 : 6, nodes) + argc + !!home;
}
`

let folder: Folder
let program: string

beforeAll(async () => {
  folder = await temporaryFolder()
  program = compile(folder.path, 'kinds.c', CRASHES, ['-O0', '-w', '-pthread', '-rdynamic'])
})

afterAll(async () => await folder[Symbol.asyncDispose]())

describe('a slim core', () => {
  it.each(ARCHITECTURES.map(({ name }) => name))('of %s has the same backtrace, line by line', async (architecture) => {
    const { core } = fixtureCore(architecture, folder.path)
    const root = folder.file(`root-${architecture}`)
    mkdirSync(root)
    fixtureFiles(architecture, root)
    const slim = slimTo(core, `${core}.slim`)
    const [compared] = await compare(core, [`${core}.slim`], { program: join(root, 'usr/bin/crash'), root })
    expect(compared).toMatchObject({ equal: compared?.lines, wrong: [] })
    expect(compared?.lines).toBeGreaterThan(60)
    expect(slim.size).toBe(statSync(`${core}.slim`).size)
    expect(slim.size).toBeLessThan(statSync(core).size / 20)
  }, 60_000)

  it.each(['null', 'threads', 'free', 'alternate', 'exhausted'])(
    'of a crash of the kind "%s" never has a wrong value, with and without a budget',
    async (kind) => {
      const core = crash(folder.path, program, [kind, '12'], { environment: { HOME: '/home/secret' } })
      slimTo(core, `${core}.slim`)
      slimTo(core, `${core}.slimmer`, { budget: 0 })
      const [usual, least] = await compare(core, [`${core}.slim`, `${core}.slimmer`], { program, root: '/' })
      expect([usual?.wrong, least?.wrong]).toEqual([[], []])
      expect(usual?.lines).toBeGreaterThan(30)
      expect(usual?.unavailable).toBeLessThanOrEqual(1)
      expect(least?.unavailable).toBeGreaterThan(0)
    },
  )

  it('of a core that a debugger made reads code from the files, and data from itself alone', async () => {
    const core = crash(folder.path, program, ['null', '12'], { by: 'gdb' })
    slimTo(core, `${core}.slim`)
    const [compared] = await compare(core, [`${core}.slim`], { program, root: '/' })
    expect(compared?.wrong).toEqual([])
    expect(compared?.unavailable).toBeLessThanOrEqual(2)
  })

  it('holds nothing of the environment, and no argument where those are kept back', () => {
    const core = crash(folder.path, program, ['null', '12', 'a-secret-argument'.repeat(20)], {
      environment: { PASSWORD: 'a-secret-of-the-environment'.repeat(20) },
    })
    // Registers can hold some bytes of any text: what a copy of it left in them.
    const holds = (text: string) => readFileSync(`${core}.slim`).includes(text.repeat(8))
    slimTo(core, `${core}.slim`)
    expect([holds('a-secret-of-the-environment'), holds('a-secret-argument')]).toEqual([false, true])
    slimTo(core, `${core}.slim`, { keepsArguments: false })
    expect([holds('a-secret-of-the-environment'), holds('a-secret-argument')]).toEqual([false, false])
  })

  it('holds no copy of the environment either: set later, in Python, on a stack', async () => {
    const lines = [
      'import ctypes, os, sys',
      'os.environ["LATER"] = "a-secret-that-came-later" * 4',
      'copy, path, arguments = dict(os.environ), os.environ["PASSWORD"], list(sys.argv)',
      'ctypes.CDLL(None).setenv(b"NATIVE", b"a-secret-of-the-c-library" * 4, 1)',
      'ctypes.string_at(0)',
    ]
    const words = ['-c', lines.join('\n'), 'a-secret-argument'.repeat(4)]
    const core = crash(folder.path, '/usr/bin/python3.11', words, {
      environment: { PASSWORD: 'a-secret-of-the-environment'.repeat(4) },
    })
    const holds = (text: string, times = 4) => readFileSync(`${core}.slim`).includes(text.repeat(times))
    const secrets = ['a-secret-of-the-environment', 'a-secret-that-came-later', 'a-secret-of-the-c-library']
    expect(secrets.map((each) => readFileSync(core).includes(each.repeat(4)))).toEqual([true, true, true])
    slimTo(core, `${core}.slim`, { budget: 16 * 2 ** 20 })
    expect(secrets.map((each) => holds(each))).toEqual([false, false, false])
    expect(holds('a-secret-argument')).toBe(true)
    const [compared] = await compare(core, [`${core}.slim`], { program: '/usr/bin/python3.11', root: '/' })
    expect(compared?.wrong).toEqual([])
    slimTo(core, `${core}.slim`, { budget: 16 * 2 ** 20, keepsArguments: false })
    expect([...secrets, 'a-secret-argument'].map((each) => holds(each))).toEqual([false, false, false, false])
  }, 60_000)

  it('never shows the file in the place of code that the process wrote to', async () => {
    const source = `#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
extern char begin[], end[];
__asm__(".text\\n.balign 4096\\nbegin: .fill 8192, 1, 0x90\\nend:");
__attribute__((noinline)) void fault(char *patched) { *(volatile int *)0 = *patched; }
int main(void) {
  mprotect(begin, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
  for (int at = 0; at < 8192; at++) begin[at] = 0x5a;
  mprotect(begin, 8192, PROT_READ | PROT_EXEC);
  fault("x");
}
`
    const patched = compile(folder.path, 'patched.c', source, ['-O0', '-w'])
    const core = crash(folder.path, patched)
    slimTo(core, `${core}.slim`, { budget: 0 })
    const commands = [512, 7000].map((offset) => {
      const read =
        `gdb.selected_inferior().read_memory(int(gdb.parse_and_eval('(long)&begin')) + ${offset}, 4).tobytes()`
      return `python exec("try: print(${read})\\nexcept gdb.MemoryError as error: print(error)")`
    })
    const [compared] = await compare(core, [`${core}.slim`], { program: patched, root: '/', commands })
    expect(compared?.wrong).toEqual([])
    expect(compared?.unavailable).toBeGreaterThan(0)
  })

  it.each(['unset', 'taken', 'turned'])('holds nothing of both where the process changed their lists: %s', (kind) => {
    const core = crash(folder.path, program, [kind, '12', 'a-secret-argument'.repeat(20)], {
      environment: { GONE: 'gone', PASSWORD: 'a-secret-of-the-environment'.repeat(20), TERM: 'x' },
    })
    const holds = (text: string) => readFileSync(`${core}.slim`).includes(text.repeat(8))
    for (const keepsArguments of [true, false]) {
      slimTo(core, `${core}.slim`, { keepsArguments })
      expect(holds('a-secret-of-the-environment')).toBe(false)
      expect(holds('a-secret-argument') && !keepsArguments).toBe(false)
    }
  })

  it('has the threads and modules of the full one, and says what was left out', () => {
    const core = crashPython(folder.path)
    slimTo(core, `${core}.slim`)
    const read = (path: string) => {
      using source = fileSource(path)
      return readCore(source)
    }
    const [full, slim] = [read(core), read(`${core}.slim`)]
    // The end of the last page of a module's data is known from the files' list alone.
    const named = ({ modules }: Core) => modules.map(({ end: _, ...module }) => module)
    expect(named(slim)).toEqual(named(full))
    expect(slim.threads).toEqual(full.threads)
    expect([slim.process, slim.siginfo, slim.auxv]).toEqual([full.process, full.siginfo, full.auxv])
    expect(slim.leftOut?.maker).toBe('test 1')
    const bytes = (ranges: { start: bigint; end: bigint }[]) =>
      ranges.reduce((sum, { start, end }) => sum + end - start, 0n)
    const dumped = (each: typeof full) => each.segments.reduce((sum, { dumped }) => sum + dumped, 0n)
    // The rest is what the file has as well: the kernel dumps the first page of each.
    const inFiles = dumped(full) - dumped(slim) - bytes([...slim.leftOut?.ranges ?? []])
    expect([inFiles >= 0n, inFiles <= 4096n * BigInt(full.modules.length)]).toEqual([true, true])
    const mapped = (each: typeof full) => each.segments.reduce((sum, { memorySize }) => sum + memorySize, 0n)
    expect(mapped(slim)).toBe(mapped(full))
  })

  it('of a slim core still says what that left out', async () => {
    const core = crash(folder.path, program, ['null', '3'])
    slimTo(core, `${core}.slim`)
    copyFileSync(`${core}.slim`, `${core}.once`)
    slimTo(`${core}.once`, `${core}.twice`)
    const [compared] = await compare(`${core}.slim`, [`${core}.twice`], { program, root: '/' })
    expect(compared?.wrong).toEqual([])
    using source = fileSource(`${core}.twice`)
    using once = fileSource(`${core}.once`)
    const mapped = ({ segments }: Core) => segments.reduce((sum, { memorySize }) => sum + memorySize, 0n)
    expect(mapped(readCore(source))).toBe(mapped(readCore(once)))
  })
})
