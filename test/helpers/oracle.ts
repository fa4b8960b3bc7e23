/**
 * The oracle of the crashes that are made on the spot: plain gdb on the complete files, without sandbox, store or
 * machine interface; and programs from test/fixtures/crashes to compare it on.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installationRoot } from '../../src/program/program.ts'
import { compile, crash, type CrashOptions } from './cores.ts'
import { copyModules, type Retraced, retraceIn, type RetraceOptions } from './retrace.ts'

/** Lines of each thread's block, without its heading, by LWP. */
export type Threads = Record<string, string[]>

/** What `thread apply all backtrace full` says, or what `backtrace` has of it. */
export function threadsOf(text: string): Threads {
  const threads: Threads = {}
  let lines: string[] | undefined
  for (const line of text.split('\n')) {
    const lwp = /^Thread \d+ .*\(LWP (\d+)\)/.exec(line)?.[1]
    if (lwp !== undefined) threads[lwp] = lines = []
    else if (line === '' || /^From +To /.test(line)) lines = undefined
    // In parentheses: that there are more frames, which both say in their own words.
    else if (!/^\(.*\)$/.test(line)) lines?.push(line)
  }
  return threads
}

/**
 * gdb's own answer about a core; `program` is the complete file. With the pretty printers of this machine's libstdc++,
 * which lie where gdb loads them from by itself.
 */
export function plainGdb(program: string, core: string): string {
  const first = ['auto-load safe-path /usr/share/gdb/auto-load/usr/lib', 'debuginfod enabled off', 'width 0']
  const words = [
    ...['-nx', '-q', '-batch', ...first.flatMap((each) => ['-iex', `set ${each}`]), program, core],
    ...['-ex', 'thread apply all -ascending backtrace -full 2048'],
  ]
  const run = spawnSync('gdb', words, { encoding: 'utf8', env: { LC_ALL: 'C.UTF-8' }, maxBuffer: 1 << 28 })
  // Newer processors save more than this gdb expects, and it says so before the frames of each thread.
  return run.stdout.replace(/^warning: .*\n/gm, '')
}

/** Compiles test/fixtures/crashes/FILE in `folder` as NAME; the ending of FILE decides on the compiler. */
export function compileFixture(folder: string, file: string, name: string, options: string[] = []): string {
  const source = readFileSync(join(installationRoot(), 'test', 'fixtures', 'crashes', file), 'utf8')
  return compile(folder, `${name}${file.slice(file.lastIndexOf('.'))}`, source, ['-w', ...options])
}

export interface Compared {
  core: string
  root: string
  retraced: Retraced
  ours: Threads
  theirs: Threads
}

/** Crashes a program, and has its core read by both; `files` may change the copied files before ours reads them. */
export async function compareWithGdb(
  folder: string,
  program: string,
  args: string[],
  options: CrashOptions & RetraceOptions & { complete?: string; files?: (root: string) => void } = {},
): Promise<Compared> {
  const core = crash(folder, program, args, options)
  const root = join(folder, 'roots', core.split('/').at(-2) ?? 'root')
  copyModules(core, root)
  options.files?.(root)
  const retraced = await retraceIn(core, root, { ...options, hostDebug: true })
  const theirs = threadsOf(plainGdb(options.complete ?? program, core))
  return { core, root, retraced, ours: threadsOf(retraced.text), theirs }
}
