/**
 * Thirty real crashes in a table for docs/results.md: what is said of each, beside what plain gdb and libsatyr's rules make of the same
 * core. A script of its own, since it fetches three Pythons and a JVM.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import type { CrashClass } from '../../workers/retrace/exploitable/class.ts'
import { assess, type Assessment, duphashOf, duphashText } from '../../workers/retrace/satyr/satyr.ts'
import { compile, crash } from '../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { crashInRoot, makeForeignRoot } from '../helpers/foreign_root.ts'
import { copyModules, retraceIn } from '../helpers/retrace.ts'

const NO_CLASS = 'none'
type Expected = CrashClass | typeof NO_CLASS

/** By the word of test/fixtures/crashes/classes.c. */
const LOCAL: [word: string, expected: Expected][] = [
  ['read', NO_CLASS],
  ['read-string', NO_CLASS],
  ['write', 'write'],
  ['write-string', 'write'],
  ['read-only', 'write'],
  ['masked', 'write'],
  ['jump', 'jump'],
  ['jump-far', 'jump'],
  ['jump-data', 'jump'],
  ['return-far', 'return'],
  ['overflow', 'stack-exhausted'],
  ['large-frames', 'stack-exhausted'],
  ['divide', 'division-by-zero'],
  ['quotient-memory', 'arithmetic'],
  ['illegal', 'illegal-instruction'],
  ['privileged', 'unknown'],
  ['trap', 'no-interest'],
  ['bus-read', 'bus-error'],
  ['system-call', 'system-call'],
  ['abort', 'abort'],
  ['quit', 'quit'],
  ['sent-on', 'unknown'],
  ['heap', 'heap-damaged'],
  ['stack', 'stack-damaged'],
  ['fortify', 'overflow-refused'],
]

const PYTHONS: [version: string, suite: string, more: string[]][] = [
  ['3.9', 'bullseye', ['libffi7', 'libcrypt1', 'libssl1.1']],
  ['3.11', 'bookworm', ['libffi8', 'libcrypt1']],
  ['3.13', 'trixie', ['libffi8']],
]
const JVM = ['/usr/lib/jvm/java-17-openjdk-amd64', 'bin', 'java'].join('/')
const OF_JVM = ['openjdk-17-jre-headless', 'zlib1g', 'libgcc-s1', 'libstdc++6', 'libfontconfig1', 'libfreetype6']

let folder: Folder
const rows: string[][] = []

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => {
  await folder[Symbol.asyncDispose]()
  const head = [
    'crash',
    'class: expected',
    'given',
    'rating',
    'duphash',
    'as plain gdb',
    's: thread',
    's: end',
    'sentence',
  ]
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  console.log(lines.join('\n'))
})

/** What libsatyr makes of plain gdb's text, without sandbox and with these files. */
function plainly(core: string, program: string, root: string | undefined): Assessment | undefined {
  const files = root === undefined ? [] : [`set sysroot ${root}`, `set debug-file-directory ${root}/usr/lib/debug`]
  const early = ['set auto-load off', 'set debuginfod enabled off', 'set width 0', ...files].flatMap((
    each,
  ) => ['-iex', each])
  const commands = ['-ex', 'thread apply all -ascending backtrace full 2048']
  const { stdout } = spawnSync('gdb-multiarch', ['-nx', '-q', '-batch', ...early, program, core, ...commands], {
    encoding: 'utf8',
    env: { LC_ALL: 'C.UTF-8', PATH: '/usr/bin:/bin' },
    maxBuffer: 1 << 28,
    timeout: 240_000,
    killSignal: 'SIGKILL',
  })
  // The frame that it shows when it has opened the core, then the threads.
  const text = stdout.slice(stdout.lastIndexOf('\n#0', stdout.indexOf('\nThread ')))
  return assess(text.replace(/^\(More stack.*\n/gm, ''))
}

async function measure(
  name: string,
  expected: Expected,
  core: string,
  place: { root: string; program: string; isForeign: boolean },
) {
  const start = performance.now()
  let early = start
  const onCrashed = () => void (early = performance.now())
  const { json } = await retraceIn(core, place.root, { hostDebug: !place.isForeign, seconds: 240, onCrashed })
  const end = performance.now()
  const theirs = plainly(core, place.program, place.isForeign ? place.root : undefined)
  const hash = theirs?.crashed === undefined ? undefined : duphashOf(duphashText(theirs.crashed, 'component'))
  const { duphash, duphash_of: of } = json.signature
  const isSame = theirs === undefined
    ? json.rating === null && of === 'executable'
    : duphash === (hash ?? null) && json.rating?.value === theirs.rating
  const given = json.exploitable?.class ?? NO_CLASS
  const rating = json.rating?.value ?? (theirs === undefined ? 'unreadable' : '-')
  const seconds = (until: number) => ((until - start) / 1000).toFixed(1)
  const cells = [
    name,
    expected,
    given,
    `${rating}`,
    duphash?.slice(0, 10) ?? '-',
    isSame ? 'yes' : `no (${theirs?.rating ?? 'unreadable'})`,
  ]
  rows.push([...cells, seconds(early), seconds(end), `\`${json.sentence.replaceAll('|', '\\|')}\``])
  expect(given).toBe(expected)
  expect(json.sentence).not.toBe('')
  return json
}

it.each(LOCAL)('%s', async (word, expected) => {
  const source = join(installationRoot(), 'test/fixtures/crashes/classes.c')
  const options = ['-w', '-fno-omit-frame-pointer', '-fstack-protector-strong', '-pthread']
  const program = compile(folder.path, 'classes.c', readFileSync(source, 'utf8'), options)
  const core = crash(folder.path, program, [word])
  copyModules(core, folder.file('root'))
  await measure(word, expected, core, { root: folder.file('root'), program, isForeign: false })
})

it('an uncaught exception', async () => {
  const source = readFileSync(join(installationRoot(), 'test/fixtures/crashes/exception.cc'), 'utf8')
  const program = compile(folder.path, 'exception.cc', source, ['-w'])
  const core = crash(folder.path, program, [])
  copyModules(core, folder.file('root'))
  await measure('exception', 'abort', core, { root: folder.file('root'), program, isForeign: false })
})

// Its faulthandler sends on what it was called for.
it.each(PYTHONS)('CPython %s of %s', async (version, suite, more) => {
  const root = folder.file(suite)
  const own = [
    `python${version}`,
    `python${version}-minimal`,
    `libpython${version}-minimal`,
    `libpython${version}-stdlib`,
  ]
  const names = [...own, `python${version}-dbg`, 'libc6', 'libexpat1', 'zlib1g', 'libc6-dbg', ...more]
  await makeForeignRoot(folder.path, root, { suite, names })
  const place = folder.file(`place-${suite}`)
  mkdirSync(place)
  cpSync(join(installationRoot(), 'test/fixtures/crashes/stacks.py'), join(place, 'stacks.py'))
  const program = `/usr/bin/python${version}`
  const core = crashInRoot(root, place, [program, '-I', '/place/stacks.py', 'ctypes'])
  const json = await measure(`python${version}`, 'unknown', core, { root, program: root + program, isForeign: true })
  expect(json.languages[0]?.stacks.length).toBe(3)
})

it('the JVM', async () => {
  const root = folder.file('jvm')
  const names = [...OF_JVM, 'libc6', 'libharfbuzz0b', 'libjpeg62-turbo', 'liblcms2-2']
  await makeForeignRoot(folder.path, root, { suite: 'bookworm', names })
  mkdirSync(join(root, 'etc/java-17-openjdk'), { recursive: true })
  const place = folder.file('place-jvm')
  mkdirSync(place)
  cpSync(join(installationRoot(), 'test/fixtures/crashes/Crash.class'), join(place, 'Crash.class'))
  const core = crashInRoot(root, place, [JVM, '-Xmx64m', '-cp', '/place', 'Crash'])
  const json = await measure('java 17', 'abort', core, { root, program: root + JVM, isForeign: true })
  expect(json.rating === null ? json.rating_missing : '').toMatch(/^$|^libsatyr/)
})
