/**
 * Cores of real programs, for the bench: each in a root of its own, made once by mmdebstrap out of this machine's archive and kept
 * with its core in ~/.cache/abrt-retrace-bench (500 MB to 1 GB each, a minute or some), and this machine's CPython. Progress goes to
 * standard error. Another program is another InRoot.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { stderr } from 'node:process'
import { archiveSources } from '../helpers/archive.ts'
import { crash, kernelWritesCoresHere } from '../helpers/cores.ts'
import type { Folder } from '../helpers/folder.ts'
import { GOALS } from './goals.ts'

export interface Crashed {
  readonly name: string
  /** Of the worker against bare gdb, and against all packages unpacked. */
  readonly goals: { readonly gdb: number; readonly extracting: number }
  readonly core: string
  /** Its path in a root. */
  readonly program: string
}

/** Each crashes one; undefined: it cannot be had here, and standard error says why. */
export const PROGRAMS: readonly ((folder: Folder) => Crashed | undefined)[] = [
  python,
  () => inRoot(EVINCE),
  () => inRoot(FIREFOX),
  () => inRoot(THUNDERBIRD),
  () => inRoot(IMPRESS),
]

/** Of the part of its own, large.ts. */
export const CEPH = (): Crashed | undefined => inRoot(CEPH_OSD)

/** A program that has a root of its own. */
interface InRoot extends Pick<Crashed, 'name' | 'program' | 'goals'> {
  /** Packages besides the essential ones. */
  readonly packages: readonly string[]
  /** Files in its folder, /crash, which is also its home. */
  readonly files: Readonly<Record<string, string>>
  /** In a shell in that folder: starts it, and lets it crash with a core. */
  readonly script: string
}

/** Threads that wait, one that calls into C with what is no address. */
const THREADS = `
import ctypes, threading, time
for _ in range(4): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
time.sleep(0.5)
ctypes.string_at(0)`

/** As large a desktop program as there is: 80 threads, a core of 370 MB. */
const FIREFOX: InRoot = {
  name: 'firefox',
  program: '/usr/lib/firefox-esr/firefox-esr',
  packages: ['firefox-esr'],
  files: {},
  script: `
firefox-esr --headless --no-remote about:blank & p=$!
sleep 40; kill -SEGV $p; wait $p`,
  goals: { gdb: GOALS['worker-over-gdb-firefox'], extracting: 0.1 },
}

/** A window needs a while to show a page, with 140 libraries. */
const EVINCE: InRoot = {
  name: 'evince',
  program: '/usr/bin/evince',
  packages: ['evince', 'xvfb'],
  files: {
    'page.pdf': `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
trailer<</Root 1 0 R>>
`,
  },
  script: `
Xvfb :7 -screen 0 800x600x24 & x=$!
for each in $(seq 100); do [ -e /tmp/.X11-unix/X7 ] && break; sleep 0.2; done
DISPLAY=:7 evince /crash/page.pdf & p=$!
sleep 25; kill -SEGV $p; wait $p; kill $x`,
  goals: { gdb: GOALS['worker-over-gdb-evince'], extracting: 0.1 },
}

/** The command is a script that becomes a program of another name. */
const THUNDERBIRD: InRoot = {
  name: 'thunderbird',
  program: '/usr/lib/thunderbird/thunderbird-bin',
  packages: ['thunderbird'],
  files: {},
  script: `
thunderbird --headless & p=$!
sleep 40; kill -SEGV $p; wait $p`,
  goals: { gdb: GOALS['worker-over-gdb-thunderbird'], extracting: 0.1 },
}

/** LibreOffice: as many libraries as a program has here, 170. Its handler of crashes makes an abort of it. */
const IMPRESS: InRoot = {
  name: 'impress',
  program: '/usr/lib/libreoffice/program/soffice.bin',
  packages: ['libreoffice-impress', 'libreoffice-gtk3', 'xvfb'],
  files: {},
  script: `
Xvfb :7 -screen 0 800x600x24 & x=$!
for each in $(seq 100); do [ -e /tmp/.X11-unix/X7 ] && break; sleep 0.2; done
DISPLAY=:7 SAL_USE_VCLPLUGIN=gtk3 soffice --impress --norestore --nologo & p=$!
sleep 45; kill -SEGV $(pidof soffice.bin); wait $p; sleep 5; kill $x`,
  goals: { gdb: GOALS['worker-over-gdb-impress'], extracting: 0.1 },
}
/** A server of 30 MB of code and as many threads as a small machine has. It waits for monitors that do not come. */
const CEPH_OSD: InRoot = {
  name: 'ceph-osd',
  program: '/usr/bin/ceph-osd',
  packages: ['ceph-osd'],
  files: {
    'ceph.conf': `[global]
fsid = 00000000-0000-0000-0000-000000000001
mon host = 127.0.0.1:1
osd data = /crash/osd
osd objectstore = memstore
auth cluster required = none
auth service required = none
auth client required = none
log file = /crash/log
run dir = /crash
`,
  },
  script: `
mkdir -p osd
set -- ceph-osd -c ceph.conf -i 0 --no-mon-config --setuser root --setgroup root
"$@" --mkfs --osd-uuid 00000000-0000-0000-0000-000000000002
"$@" -f & p=$!
sleep 10; kill -SEGV $p; wait $p`,
  goals: { gdb: GOALS['worker-over-gdb-ceph-osd'], extracting: 0.1 },
}
const HOME = 'cd /crash; export HOME=/crash XDG_RUNTIME_DIR=/crash GSETTINGS_BACKEND=memory'
const LIMIT_MS = 1_800_000

function python(folder: Folder): Crashed {
  const program = '/usr/bin/python3.11'
  const core = crash(folder.path, program, ['-c', THREADS])
  return { name: 'python-threads', core, program, goals: { gdb: GOALS['worker-over-gdb'], extracting: 0.2 } }
}

function inRoot({ name, program, packages, files, script, goals }: InRoot): Crashed | undefined {
  const place = join(homedir(), '.cache', 'abrt-retrace-bench')
  const core = join(place, `${name}.core`)
  const found = { name, core, program, goals }
  if (existsSync(core)) return found
  if (!kernelWritesCoresHere()) return lacking(name, 'the kernel writes no cores here')
  const root = join(place, name)
  if (!existsSync(root)) {
    stderr.write(`bench: a root with ${name} is made in ${place}\n`)
    mkdirSync(place, { recursive: true })
    const made = spawnSync('mmdebstrap', [
      ...[
        '--mode=root',
        '--variant=apt',
        '--aptopt=APT::Install-Recommends "false"',
        `--include=${packages.join(',')}`,
      ],
      ...['bookworm', `${root}.new`, '-'],
    ], { input: archiveSources(), stdio: ['pipe', 'inherit', 'inherit'], timeout: LIMIT_MS })
    if (made.error !== undefined || made.status !== 0) {
      rmSync(`${root}.new`, { recursive: true, force: true })
      const why = made.error === undefined ? `exit code ${made.status}` : `${made.error.message} (ops/lib/vm-packages)`
      return lacking(name, `mmdebstrap failed: ${why}`)
    }
    renameSync(`${root}.new`, root)
  }
  stderr.write(`bench: ${name} crashes\n`)
  mkdirSync(join(root, 'crash'), { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, 'crash', file), text)
  writeFileSync(join(root, 'crash', 'script'), `${HOME}\n${script}`)
  const own = ['--proc', '/proc', '--dev', '/dev', '--unshare-pid', '--unshare-net', '--die-with-parent']
  spawnSync('bwrap', ['--bind', root, '/', ...own, 'prlimit', '--core=unlimited', 'sh', '/crash/script'], {
    stdio: 'ignore',
    timeout: 120_000,
  })
  if (!existsSync(join(root, 'crash', 'core'))) return lacking(name, 'it left no core')
  renameSync(join(root, 'crash', 'core'), core)
  return found
}

function lacking(name: string, why: string): undefined {
  stderr.write(`bench: no figures of ${name}: ${why}\n`)
}
