/** Crashes made on the spot: what gdb shows of them, and what must never be shown as true. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, truncateSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile, crash } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'
import { parseSatyr } from '../../../workers/retrace/satyr/grammar.ts'

const NODES = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <assert.h>
#include <signal.h>
#include <unistd.h>
struct node { int id; const char *name; struct node *next; };
int recurse(int n, struct node *p) {
  struct node m = { n, "a (b, c=\\"d\\"", p };
  if (n == 0) *(volatile int *)0 = 1;
  return recurse(n - 1, &m) + m.id;
}
void handler(int signal) { abort(); }
int main(int argc, char **argv) {
  struct node first = { 7, "first", 0 };
  if (argc > 2) { signal(SIGUSR1, handler); raise(SIGUSR1); }
  int depth = atoi(argv[1]);
  assert(depth >= 0);
  return recurse(depth, &first);
}
`

let folder: Folder
let program: string

beforeAll(async () => {
  folder = await temporaryFolder()
  program = compile(folder.path, 'nodes.c', NODES, ['-O0'])
})

afterAll(async () => await folder[Symbol.asyncDispose]())

async function crashed(name: string, args: string[], before: string[] = []) {
  const core = before.length === 0
    ? crash(folder.path, program, args)
    : crash(folder.path, '/bin/sh', ['-c', `${before.join(';')}; exec "$0" "$@"`, program, ...args])
  const root = folder.file(name)
  copyModules(core, root)
  return { core, root, retraced: await retraceIn(core, root) }
}

/** gdb's own answer, without sandbox and with the machine's files. */
function plainGdb(core: string, commands: string[]): string {
  const options = ['-nx', '-q', '-batch', '-iex', 'set auto-load off', '-iex', 'set debuginfod enabled off']
  const run = spawnSync('gdb', [...options, program, core, ...commands.flatMap((each) => ['-ex', each])], {
    encoding: 'utf8',
    env: { LC_ALL: 'C.UTF-8' },
  })
  return run.stdout
}

describe('the backtrace', () => {
  it('equals what gdb itself prints, thread by thread and line by line', async () => {
    const { core, retraced } = await crashed('equal', ['5'])
    const theirs = plainGdb(core, ['thread apply all -ascending backtrace full 2048'])
    const blocks = (text: string) =>
      text.slice(text.indexOf('\nThread 1 ')).split('\n\n')[0]?.trim().split('\n').slice(1)
    expect(blocks(retraced.text)?.length).toBeGreaterThan(10)
    expect(blocks(retraced.text)).toEqual(blocks(theirs))
    expect(retraced.json.threads[0]?.frames[1]?.arguments).toEqual([
      { name: 'n', type: 'int', kind: 'integer', value: '1', state: 'whole' },
      expect.objectContaining({ name: 'p', type: 'struct node *', kind: 'pointer' }),
    ])
    expect(retraced.json.threads[0]?.frames[1]?.locals[0]?.value).toContain('name = ')
    expect(retraced.report.outcome.summary).not.toContain('nodes')
  })

  it('caps a runaway recursion at 2048 frames, and says that there are more', async () => {
    const { retraced } = await crashed('deep', ['20000'])
    const [thread] = parseSatyr(retraced.text).threads
    expect(thread?.frames.length).toBe(2048)
    expect(thread?.frames.at(-1)?.function).toBe('recurse')
    expect(retraced.text).toContain('(More frames follow; 2048 are shown)')
    expect(retraced.json.threads[0]?.more_frames).toBe(true)
    expect(retraced.json.limits).toContainEqual('the stack of thread 1 is longer than the 2048 frames that are shown')
  })

  it('carries the message of a failed assertion, also when libc has no debuginfo', async () => {
    const { retraced } = await crashed('assert', ['-1'])
    const message = /nodes\.c:\d+: main: Assertion `depth >= 0' failed\.\n/
    expect(retraced.json.messages.abort).toMatch(message)
    expect(retraced.text).toMatch(/^__abort_msg = ".*Assertion `depth >= 0' failed\.\\n"$/m)
    expect(retraced.json.signal).toMatchObject({ name: 'SIGABRT', code_name: 'SI_TKILL' })
  })

  it('shows the frame of a signal handler as one, and ABRT can read it', async () => {
    const { retraced } = await crashed('handler', ['1', 'x'])
    const kinds = retraced.json.threads[0]?.frames.map((frame) => frame.kind)
    expect(kinds).toContain('signal-handler')
    expect(parseSatyr(retraced.text).threads[0]?.frames.some((frame) => frame.isSignalHandler)).toBe(true)
  })

  it('the backtrace has registers, the instructions around the crash, and what the signal says', async () => {
    const { retraced } = await crashed('details', ['2'])
    const pc = retraced.core.threads[0]?.pc.toString(16)
    expect(retraced.json.instructions.filter((line) => line.startsWith('=>'))).toEqual([
      expect.stringContaining(`${pc}`),
    ])
    expect(Object.values(retraced.json.registers)).toContain(`0x${pc}`)
    expect(retraced.text).toMatch(/^\$_siginfo = \{si_signo = 11,/m)
  })
})

describe('memory that is not in the core', () => {
  it('shows memory that was not dumped as unavailable, never as zero', async () => {
    const { core, root } = await crashed('undumped', ['4'], ['echo 0 > /proc/self/coredump_filter'])
    expect(plainGdb(core, ['backtrace full'])).toMatch(/\bid = 0, name = 0x0/)
    const { text, json, report } = await retraceIn(core, root)
    expect(text).toMatch(/^#0 .* in recurse \(n=<error reading variable: Cannot access memory at address 0x[0-9a-f]+>/m)
    expect(text).not.toMatch(/\bid = 0|name = 0x0|\bn=0[,)]/)
    expect(text).toContain('(The stack of this thread is not in the core)')
    expect(json.threads[0]).toMatchObject({ stack_missing: true })
    expect(report.outcome).toMatchObject({ code: 'ok-partial' })
    expect(report.outcome.summary).toContain('the core does not hold the stacks of 1 of 1 thread')
  })

  it('shows memory that was cut off as unavailable, and the outcome says how much is missing', async () => {
    const { core, root } = await crashed('cut', ['4'])
    const cut = folder.file('cut.core')
    copyFileSync(core, cut)
    truncateSync(cut, Math.floor(readFileSync(core).length / 3))
    const { report, text } = await retraceIn(cut, root)
    expect(report.outcome.summary).toMatch(/cut off: [1-9]\d* bytes of [1-9]\d* segments are missing/)
    expect(text).not.toMatch(/\bid = 0|name = 0x0/)
  })
})

describe('limits', () => {
  it('cuts the text of other threads at a frame, counts what is missing, keeps the crashed thread whole', async () => {
    const source = NODES.replace(
      'int main',
      '#include <pthread.h>\nint wait_deep(int n) { if (n == 0) pause(); ' +
        'return wait_deep(n - 1) + 1; }\nvoid *waiter(void *x) { wait_deep(400); return x; }\nint main',
    )
      .replace(
        'int depth',
        'pthread_t t; for (int i = 0; i < 3; i++) pthread_create(&t, 0, waiter, 0); usleep(300000); int depth',
      )
    const threads = compile(folder.path, 'threads.c', source, ['-O0', '-pthread'])
    const core = crash(folder.path, threads, ['300'])
    const root = folder.file('limited')
    copyModules(core, root)
    const { text, json, report } = await retraceIn(core, root, { maxBacktraceKb: 60 })
    const parsed = parseSatyr(text)
    expect(parsed.threads[0]?.frames.length).toBe(302)
    expect(json.thread_count).toBe(4)
    expect(text).toMatch(/more (frames of this thread are|threads? (is|are)) not shown/)
    expect(text.length).toBeLessThan(110_000)
    expect(report.outcome).toMatchObject({ code: 'ok-partial' })
    expect(report.outcome.next_step).toContain('RETRACE_MAX_BACKTRACE_KB')
  })

  it('delivers nothing but a reason when gdb takes more memory than it may', async () => {
    const { core, root } = await crashed('memory', ['3'])
    const { report, debugged } = await retraceIn(core, root, { memoryMb: 12 })
    expect(debugged.end?.kind).toBe('memory')
    expect(report.outcome.code).toBe('out-of-memory')
    expect(report.hasBacktrace).toBe(false)
  })
})

describe('a missing program', () => {
  it('leaves frames that say so, and an outcome that names it', async () => {
    const { core, root } = await crashed('missing', ['3'])
    const { report, debugged } = await retraceIn(core, root, { without: (path) => path.endsWith('/nodes') })
    expect(debugged).toMatchObject({ engine: 'gdb-multiarch', rejected: [] })
    expect(report.outcome.summary).toContain('nodes')
    expect(['package-not-found', 'ok-partial']).toContain(report.outcome.code)
  })
})
