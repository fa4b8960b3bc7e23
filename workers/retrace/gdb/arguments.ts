/**
 * gdb's own arguments, after the engine's command. Pure. With them gdb runs nothing of the task, loads nothing by
 * itself, no script or library that a file names, and cuts values at sane lengths; the one thing that it may load is
 * the thread library that the caller chose, from a verified package.
 */
import { availableParallelism } from 'node:os'
import { INSIDE } from '../sandbox/arguments.ts'

/** A folder that is never there: no thread library, above all not the debugger's own, which is of another version. */
const NOWHERE = '/nowhere'

const SCRIPTS = [
  'retrace.py',
  'frames.py',
  'values.py',
  'kept_back.py',
  'printers.py',
  'libraries.py',
  'instructions.py',
  'exception.py',
  'memory.py',
  'cpython_layout.py',
  'cpython_values.py',
  'cpython_lines.py',
  'cpython.py',
  'runtimes.py',
  'languages.py',
  'twin.py',
]

const SETTINGS = [
  'auto-load off',
  'debuginfod enabled off',
  'confirm off',
  'width 0',
  'height 0',
  'style enabled off',
  'print thread-events off',
  'python print-stack none',
  'print elements 200',
  'print repeats 10',
  'print max-depth 20',
  'max-value-size 65536',
  `sysroot ${INSIDE.sysroot}`,
  `debug-file-directory ${INSIDE.debug}`,
]

/**
 * What fails an assertion of gdb's costs the command, not gdb. With the backtrace that gdb prints of itself by default, it
 * ends over a second failure, in that ('Recursive internal problem.').
 */
const SURVIVING = [
  ...['internal-error', 'internal-warning'].flatMap((problem) => [
    `${problem} quit no`,
    `${problem} corefile no`,
    `${problem} backtrace off`,
  ]),
  'demangler-warning quit no',
]

/**
 * Threads with which it reads symbols. gdb 13 starts one for each processor and keeps them; they count, with what the openers of packages
 * start meanwhile, against one limit (docs/facts.md, 'Sandbox'). Newer ones take no more than so many by themselves.
 */
const MAX_WORKER_THREADS = 8

/**
 * `threadLibrary`: the folder, inside, with libthread_db.so.1 of the target's glibc for the debugger's architecture:
 * thread-local variables need it. It is loaded from there only (docs/facts.md, 'Cross-architecture gdb'); undefined:
 * none is. `indexes`: the folder, inside, with indices of debuginfo, in which nothing can be written; undefined: there are none.
 */
export function gdbArguments(
  { threadLibrary, indexes }: { threadLibrary: string | undefined; indexes?: string | undefined },
): string[] {
  const scripts = SCRIPTS.map((each) => `source ${INSIDE.scripts}/${each}`)
  const settings = [...SETTINGS, ...companionSettings({ threadLibrary, indexes })].map((each) => `set ${each}`)
  const threads = `worker-threads ${Math.min(MAX_WORKER_THREADS, availableParallelism())}`
  // First: each that it has too many of ends.
  const maintenance = [threads, ...SURVIVING].map((each) => `maintenance set ${each}`)
  const commands = [...maintenance, ...settings, ...scripts]
  return ['-nx', '-q', '--interpreter=mi3', ...commands.flatMap((command) => ['-iex', command])]
}

/** The same, for a gdb that runs already: what is set then counts for what is opened afterwards. */
export function companionSettings(
  { threadLibrary, indexes }: { threadLibrary: string | undefined; indexes?: string | undefined },
): string[] {
  // Of what has no index gdb would make one, where it could write: seconds, and gigabytes.
  const cache = indexes === undefined
    ? ['index-cache enabled off']
    : [`index-cache directory ${indexes}`, 'index-cache enabled on']
  const threads = threadLibrary === undefined ? [`libthread-db-search-path ${NOWHERE}`] : [
    `libthread-db-search-path ${threadLibrary}`,
    `auto-load safe-path ${threadLibrary}`,
    'auto-load libthread-db on',
  ]
  return [...cache, ...threads]
}

/** For one debug file: its index comes into a folder, under the file's name and `.gdb-index`; that of its dwz file, too. */
export function indexArguments(file: string, folder: string): string[] {
  const settings = [
    'auto-load off',
    'debuginfod enabled off',
    'index-cache enabled off',
    `debug-file-directory ${INSIDE.debug}`,
  ]
  return [
    ...['-nx', '-q', '-batch', ...settings.flatMap((each) => ['-iex', `set ${each}`])],
    ...['-ex', `save gdb-index ${folder}`, file],
  ]
}
